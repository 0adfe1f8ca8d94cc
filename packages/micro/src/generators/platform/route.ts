import { ComposeEdit } from '../../compose/compose-edit';
import type { Manifest } from '../../platform/manifest';

/** A route of a manifest, under which a gateway serves a service. */
export type Route = Manifest['routes'][number];

export function routePath(route: Route): string {
  return route;
}

/** Adds routes to a manifest's text, and opens the service to the gateways that consume it. */
export function addRoutes(file: string, text: string, routes: readonly Route[]): string {
  const edit = new ComposeEdit(file, text);
  edit.seed(['expose'], 'public', 'expose is missing');
  for (const route of routes) {
    edit.insertItem(
      ['routes'],
      edit.items(['routes']).length,
      route,
      `${routePath(route)} is missing`,
    );
  }
  return edit.toFile().text;
}

/** Whether a manifest says in so many words that no gateway serves the service. */
export function saysInternal(file: string, text: string): boolean {
  return new ComposeEdit(file, text).value(['expose']) === 'internal';
}

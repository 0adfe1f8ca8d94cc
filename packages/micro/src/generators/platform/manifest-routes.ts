import { isDeepStrictEqual } from 'node:util';
import { ComposeEdit } from '../../compose/compose-edit';
import { pathOf, toRoute, type RouteEntry } from '../../platform/route';

export function isSameRoute(a: RouteEntry, b: RouteEntry): boolean {
  return isDeepStrictEqual(toRoute(a), toRoute(b));
}

/** Adds routes to a manifest's text, and opens the service to the gateways that consume it. */
export function addRoutes(file: string, text: string, routes: readonly RouteEntry[]): string {
  const edit = new ComposeEdit(file, text);
  edit.seed(['expose'], 'public', 'expose is missing');
  for (const route of routes) {
    const index = edit.items(['routes']).length;
    edit.insertItem(['routes'], index, route, `route ${pathOf(route)} is missing`);
  }
  return edit.toFile().text;
}

/** Whether a manifest says in so many words that no gateway serves the service. */
export function saysInternal(file: string, text: string): boolean {
  return new ComposeEdit(file, text).value(['expose']) === 'internal';
}

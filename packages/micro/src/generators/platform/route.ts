import { isDeepStrictEqual } from 'node:util';
import { ComposeEdit } from '../../compose/compose-edit';
import { toRoute, type RouteEntry } from '../../platform/route';

export function pathOf(entry: RouteEntry): string {
  return toRoute(entry).path;
}

export function isSameRoute(a: RouteEntry, b: RouteEntry): boolean {
  return isDeepStrictEqual(toRoute(a), toRoute(b));
}

/** Adds routes to a manifest's text, or rules to its paths, and opens the service to gateways. */
export function addRoutes(file: string, text: string, routes: readonly RouteEntry[]): string {
  const edit = new ComposeEdit(file, text);
  edit.seed(['expose'], 'public', 'expose is missing');
  for (const route of routes) {
    const present = edit.items(['routes']) as RouteEntry[];
    const index = present.findIndex((other) => pathOf(other) === pathOf(route));
    const drift = `route ${pathOf(route)} is missing`;
    if (index < 0) edit.insertItem(['routes'], present.length, route, drift);
    else if (!isSameRoute(present[index]!, route)) {
      edit.replaceItem(['routes'], index, route, drift);
    }
  }
  return edit.toFile().text;
}

/** Whether a manifest says in so many words that no gateway serves the service. */
export function saysInternal(file: string, text: string): boolean {
  return new ComposeEdit(file, text).value(['expose']) === 'internal';
}

import type { AnyEnvironment } from './environment';

/** A value that two environments do not share. */
export interface Difference {
  /** `services.orders.replicas` */
  path: string;
  /** As text; absent if that environment says nothing of it. */
  one?: string;
  other?: string;
}

/** Of itself each environment has another; to say so tells nobody anything. */
const OWN = new Set(['name', 'file']);

/** In what two environments differ, with defaults filled in, sorted by path. */
export function differenceOf(one: AnyEnvironment, other: AnyEnvironment): Difference[] {
  const first = valuesOf(one);
  const second = valuesOf(other);
  return [...new Set([...first.keys(), ...second.keys()])]
    .filter((path) => !OWN.has(path) && first.get(path) !== second.get(path))
    .sort()
    .map((path) => ({
      path,
      ...(first.has(path) ? { one: first.get(path)! } : {}),
      ...(second.has(path) ? { other: second.get(path)! } : {}),
    }));
}

/** Every single value by its path; a list is one value. */
function valuesOf(environment: AnyEnvironment): Map<string, string> {
  const values = new Map<string, string>();
  const visit = (value: unknown, path: string): void => {
    if (value === undefined) return;
    if (value === null || typeof value !== 'object' || Array.isArray(value)) {
      values.set(path, typeof value === 'string' ? value : JSON.stringify(value));
      return;
    }
    for (const [key, item] of Object.entries(value))
      visit(item, path === '' ? key : `${path}.${key}`);
  };
  visit(environment, '');
  return values;
}

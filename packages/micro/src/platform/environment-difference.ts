import type { AnyEnvironment } from './environment';

/** A value that differs between two environments. */
export interface Difference {
  /** `services.orders.replicas` */
  path: string;
  /** As text; absent if that environment does not set it. */
  one?: string;
  other?: string;
}

/** These always differ between environments, so listing them would be noise. */
const OWN = new Set(['name', 'file']);

/** The differences of two environments, with defaults filled in, sorted by path. */
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

/** Every single value by its path. A list counts as one value. */
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

/** A value of JSON, as an API server prints it. */
type Json = unknown;

/**
 * The paths at which a live object is not as it was declared, such as `spec.replicas`. What the declaration does not
 * name is left to others: defaults of the API server, what a controller or another manager wrote.
 *
 * Lists of things with names (containers, variables, ports) are compared by name, all others item by item.
 */
export function differencesOf(declared: Json, live: Json, path = ''): string[] {
  if (isMap(declared)) {
    const there = isMap(live) ? live : {};
    return Object.entries(declared).flatMap(([key, value]) =>
      // The API server does not keep an empty value.
      isEmpty(value) && there[key] === undefined
        ? []
        : differencesOf(value, there[key], path === '' ? key : `${path}.${key}`),
    );
  }
  if (Array.isArray(declared)) {
    const there: readonly Json[] = Array.isArray(live) ? live : [];
    // Of things with names, others may add some; of all others, none means none.
    if (declared.length === 0) return there.every(isNamed) ? [] : [path];
    if (declared.every(isNamed)) {
      return declared.flatMap((item) => {
        const same = there.find((one) => isNamed(one) && one.name === item.name);
        const at = `${path}[${item.name}]`;
        return same === undefined ? [at] : differencesOf(item, same, at);
      });
    }
    if (declared.length !== there.length) return [path];
    return declared.flatMap((item, index) =>
      differencesOf(item, there[index], `${path}[${index}]`),
    );
  }
  return isSame(declared, live, path) ? [] : [path];
}

/** Where the API server writes a quantity in a unit of its own choice. */
const QUANTITY = /(?:^|\.)(?:limits|requests)\.[^.]+$/;

function isSame(declared: Json, live: Json, path: string): boolean {
  if (declared === live) return true;
  if (!QUANTITY.test(path)) return false;
  const [one, other] = [quantityOf(declared), quantityOf(live)];
  return one !== undefined && one === other;
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1000,
  m: 1,
  k: 1e6,
  M: 1e9,
  G: 1e12,
  T: 1e15,
  Ki: 1024 * 1000,
  Mi: 1024 ** 2 * 1000,
  Gi: 1024 ** 3 * 1000,
  Ti: 1024 ** 4 * 1000,
};

/** A quantity in thousandths: the API server writes `1024Mi` as `1Gi`. */
function quantityOf(value: Json): number | undefined {
  if (typeof value === 'number') return value * 1000;
  if (typeof value !== 'string') return undefined;
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/.exec(value) ?? [];
  return number === undefined ? undefined : Math.round(Number(number) * UNITS[unit]!);
}

function isEmpty(value: Json): boolean {
  return (
    (Array.isArray(value) && value.length === 0) ||
    (isMap(value) && Object.keys(value).length === 0) ||
    value === ''
  );
}

function isMap(value: Json): value is Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNamed(value: Json): value is { name: string } {
  return isMap(value) && typeof value['name'] === 'string';
}

/** An object and what happened to it, in lower case: `order.placed`, `order.payment-failed`. */
export const EVENT_NAME = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*(?:\.[a-z][a-z0-9]*(?:-[a-z0-9]+)*)+$/;

/** The limit of the chassis: with the name of a service before it, it becomes the name of a queue. */
const MAX_LENGTH = 100;

/** Why `name` cannot be an event's name, or `undefined` if it can. */
export function eventNameProblem(name: string): string | undefined {
  return EVENT_NAME.test(name) && name.length <= MAX_LENGTH
    ? undefined
    : `"${name}" cannot be an event's name: say what happened to what, in lower case with a dot, in ${MAX_LENGTH} characters at most, for example "order.placed"`;
}

/** The file name of a contract, without extension: `order.placed` -> `order-placed`. */
export function eventFileName(event: string): string {
  return event.replaceAll('.', '-');
}

/** The name of a contract in code: `order.placed` -> `orderPlaced`. */
export function eventConstant(event: string): string {
  return event.replace(/[.-](\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** The name of a service's handler of an event in code: `order.placed` -> `onOrderPlaced`. */
export function handlerName(event: string): string {
  return eventConstant(`on.${event}`);
}

/** The module of a service's handler, relative to its `src`: `events/on-order-placed`. */
export function handlerModule(event: string): string {
  return `events/on-${eventFileName(event)}`;
}

/** Whether a service's code imports contracts. */
export function usesContracts({ publishes, subscribes }: EventLists): boolean {
  return publishes.length > 0 || subscribes.length > 0;
}

/** The services that handle an event, sorted. */
export function subscribersOf({ services }: Services, event: string): string[] {
  return services
    .filter(({ subscribes }) => subscribes.includes(event))
    .map(({ name }) => name)
    .sort();
}

/** Whether a service's database contains the tables of outbox and inbox. */
export function keepsEventTables({ broker, datastores }: Backing): boolean {
  return broker !== undefined && datastores.database === 'postgres';
}

// Manifests and platforms satisfy these interfaces. They describe the parts that are about events.
interface EventLists {
  publishes: readonly string[];
  subscribes: readonly string[];
}

interface Backing {
  broker?: string | undefined;
  datastores: { database?: string | undefined };
}

interface Services {
  services: readonly { name: string; subscribes: readonly string[] }[];
}

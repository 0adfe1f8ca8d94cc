import type { Topology } from './graph';
import { layOut } from './layered-graph';

/** A place in the picture, in CSS pixels from its top left corner. */
export interface Point {
  x: number;
  y: number;
}

/** A box of the picture; `x` and `y` are its top left corner. */
export interface Box extends Point {
  id: string;
  kind: 'service' | 'event' | 'broker' | 'outside';
  /** The name of the service, datastore or other thing that it shows. */
  name: string;
  width: number;
  height: number;
}

export interface Line {
  from: string;
  to: string;
  kind: 'link' | 'event' | 'broker' | 'outside';
  points: readonly Point[];
}

/** Where everything stands; lines end at the boxes' edges. */
export interface Layout {
  width: number;
  height: number;
  boxes: readonly Box[];
  lines: readonly Line[];
}

/** The height of a service's box, and what each datastore in it adds. */
export const SERVICE_HEIGHT = 46;
export const DATASTORE_HEIGHT = 19;

const SERVICE_WIDTH = 176;
const CHARACTER = 8;
const PILL = { height: 28, padding: 28 };
const MARGIN = 24;
/** How far a line goes straight before it bends. */
const ELBOW = 14;

/** What connects two boxes, without its place. */
type Connection = Omit<Line, 'points'>;

/** Puts callers to the left of the services that they call, with as few crossings as the layered method finds. */
export function layoutTopology(topology: Topology): Layout {
  const boxes = boxesOf(topology);
  const connections = connectionsOf(topology);
  const { width, height, middles, bends } = layOut(boxes, connections, {
    margin: MARGIN,
    betweenLayers: 64,
    betweenBoxes: 16,
  });
  const placed = boxes.map((box, index) => {
    const { x, y } = middles[index]!;
    return { ...box, x: round(x - box.width / 2), y: round(y - box.height / 2) };
  });
  const byId = new Map(placed.map((box) => [box.id, box]));
  return {
    width: Math.ceil(Math.max(width, 2 * MARGIN)),
    height: Math.ceil(Math.max(height, 2 * MARGIN)),
    boxes: placed,
    lines: connections.map((connection, index) => ({
      ...connection,
      points: fromSideToSide(
        byId.get(connection.from)!,
        byId.get(connection.to)!,
        bends[index]!.map(({ x, y }) => ({ x: round(x), y: round(y) })),
      ),
    })),
  };
}

/** A line to the right leaves and enters in the middle of a side; one that leads back stays as it is. */
function fromSideToSide(from: Box, to: Box, points: readonly Point[]): readonly Point[] {
  if (from.x + from.width >= to.x) return points;
  const start = { x: round(from.x + from.width), y: round(from.y + from.height / 2) };
  const end = { x: to.x, y: round(to.y + to.height / 2) };
  const between = points.slice(1, -1).filter(({ x }) => x > start.x && x < end.x);
  return [
    start,
    { x: start.x + ELBOW, y: start.y },
    ...between,
    { x: end.x - ELBOW, y: end.y },
    end,
  ];
}

/** `service:orders`, `event:order.placed` */
export function boxId(kind: Box['kind'], name: string): string {
  return `${kind}:${name}`;
}

function boxesOf({ services, events, broker }: Topology): Omit<Box, 'x' | 'y'>[] {
  const box = (kind: Box['kind'], name: string, width: number, height: number) => ({
    id: boxId(kind, name),
    kind,
    name,
    width,
    height,
  });
  const pill = (kind: Box['kind'], name: string) =>
    box(kind, name, PILL.padding + name.length * CHARACTER, PILL.height);
  return [
    ...(services.some(({ kind }) => kind === 'gateway') ? [pill('outside', 'outside')] : []),
    ...services.map(({ name, datastores }) =>
      box(
        'service',
        name,
        Math.max(SERVICE_WIDTH, 56 + name.length * CHARACTER),
        SERVICE_HEIGHT + datastores.length * DATASTORE_HEIGHT + (datastores.length > 0 ? 6 : 0),
      ),
    ),
    ...events.map(({ name }) => pill('event', name)),
    ...(broker ? [pill('broker', broker.name)] : []),
  ];
}

function connectionsOf({ services, links, events, broker }: Topology): Connection[] {
  const service = (name: string) => boxId('service', name);
  return [
    ...services
      .filter(({ kind }) => kind === 'gateway')
      .map(({ name }): Connection => ({
        from: boxId('outside', 'outside'),
        to: service(name),
        kind: 'outside',
      })),
    ...links.map(({ consumer, provider }): Connection => ({
      from: service(consumer),
      to: service(provider),
      kind: 'link',
    })),
    ...events.flatMap(({ name, publishers, subscribers }) => [
      ...publishers.map((publisher): Connection => ({
        from: service(publisher),
        to: boxId('event', name),
        kind: 'event',
      })),
      ...subscribers.map((subscriber): Connection => ({
        from: boxId('event', name),
        to: service(subscriber),
        kind: 'event',
      })),
    ]),
    // Lines to the broker would only repeat what the events say.
    ...(broker
      ? services
          .filter((node) => node.broker && node.publishes.length + node.subscribes.length === 0)
          .map(({ name }): Connection => ({
            from: service(name),
            to: boxId('broker', broker.name),
            kind: 'broker',
          }))
      : []),
  ];
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

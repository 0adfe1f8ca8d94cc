import { DATASTORE_PURPOSES } from '../platform/datastore';
import { formatDrift } from '../platform/derived-file';
import { FIRST_PORT } from '../platform/manifest';
import type { Platform } from '../platform/platform';
import { portsOf } from '../platform/port';
import type { ComposeEdit } from './compose-edit';
import {
  datastoresOf,
  ENGINE_PORTS,
  outsidePort,
  platformBroker,
  type BackingEngine,
  type BackingService,
} from './datastore';
import { KAFKA_OUTSIDE_VARIABLE } from './kafka-entry';
import { readMapping } from './ports';

/** A datastore's port is derived from that of its service: 3001 -> 13001, for its cache 14001. */
const FIRST_OFFSET = 10_000;
const OFFSET_PER_PURPOSE = 1_000;

/** From this port up, Linux assigns ports to outgoing connections. */
const EPHEMERAL = 32_768;

const ENGINE_TARGETS: ReadonlySet<number> = new Set(
  (Object.keys(ENGINE_PORTS) as BackingEngine[]).map(outsidePort),
);

interface Published {
  index: number;
  address: string | undefined;
  port: number;
  target: number;
}

/** The datastores and the broker of a platform, each with the port that it gets if it is free. */
export function publishedBackings(
  platform: Platform,
): { backing: BackingService; first: number }[] {
  const datastores = platform.services.flatMap((service) =>
    datastoresOf(service).map((backing) => ({
      backing,
      first:
        service.port +
        FIRST_OFFSET +
        DATASTORE_PURPOSES.indexOf(backing.purpose) * OFFSET_PER_PURPOSE,
    })),
  );
  const broker = platformBroker(platform);
  return broker
    ? [...datastores, { backing: broker, first: FIRST_OFFSET + FIRST_PORT - 1 }]
    : datastores;
}

/**
 * Publishes each datastore and the broker on this machine. The file is the record of ports: the port in it stays,
 * whoever chose it, unless an earlier entry has the same one.
 *
 * @returns the ports by name.
 */
export function convergeDevelopmentPorts(
  edit: ComposeEdit,
  platform: Platform,
): ReadonlyMap<string, number> {
  const backings = publishedBackings(platform);
  const taken = portsOfOthers(edit, platform, new Set(backings.map(({ backing }) => backing.name)));
  const ports = new Map<string, number>();
  // Existing entries first, so that a new one cannot take the port of an existing one.
  for (const { backing } of backings) {
    const port = published(edit, backing.name)?.port;
    if (port === undefined || taken.has(port)) continue;
    taken.add(port);
    ports.set(backing.name, port);
  }
  for (const { backing, first } of backings) {
    const port = ports.get(backing.name) ?? freePort(first, taken);
    taken.add(port);
    ports.set(backing.name, port);
    publish(edit, backing, port);
    tellPort(edit, backing, port);
  }
  return ports;
}

/** The ports of services, and ports that a person's entries publish in this file. */
function portsOfOthers(
  edit: ComposeEdit,
  platform: Platform,
  ours: ReadonlySet<string>,
): Set<number> {
  const others = [...edit.read(['services']).keys()].filter((name) => !ours.has(name));
  return new Set([
    ...platform.services.flatMap(portsOf),
    ...others.flatMap((name) => mappings(edit, name).map(({ port }) => port)),
  ]);
}

function publish(edit: ComposeEdit, { name, engine }: BackingService, port: number): void {
  const path = ['services', name, 'ports'];
  const target = outsidePort(engine);
  const there = published(edit, name);
  if (there?.port === port && there.target === target) return;
  const address = there ? there.address : '127.0.0.1';
  const wanted = `${address ? `${address}:` : ''}${port}:${target}`;
  if (!there) {
    edit.insertItem(path, edit.items(path).length, wanted, `${name}: port ${wanted} is missing`);
    return;
  }
  const drift =
    there.target === target
      ? `${name}: port ${there.port} is used by something else; the next free one is ${port}`
      : formatDrift(`${name}: the port`, String(there.target), String(target));
  edit.replaceItem(path, there.index, wanted, drift);
}

/** Kafka must know the port, because it tells its clients by which address to come. */
function tellPort(edit: ComposeEdit, { name, engine }: BackingService, port: number): void {
  edit.converge(['services', name, 'environment'], {
    wanted: engine === 'kafka' ? { [KAFKA_OUTSIDE_VARIABLE]: String(port) } : {},
    isStale: (variable) => variable === KAFKA_OUTSIDE_VARIABLE,
    form: 'map',
    ownsValues: true,
    label: (variable) => `${name}: ${variable}`,
  });
}

/** The item of `ports` that publishes the port of its current engine, or of the engine that it had before. */
function published(edit: ComposeEdit, name: string): Published | undefined {
  return mappings(edit, name).find(({ target }) => ENGINE_TARGETS.has(target));
}

function mappings(edit: ComposeEdit, name: string): Published[] {
  return edit.items(['services', name, 'ports']).flatMap((item, index) => {
    const { address, published: port, target } = readMapping(item) ?? {};
    return port !== undefined && port > 0 && target !== undefined
      ? [{ index, address, port, target }]
      : [];
  });
}

function freePort(first: number, taken: ReadonlySet<number>): number {
  let port = first < EPHEMERAL ? first : FIRST_OFFSET + FIRST_PORT;
  while (taken.has(port)) port++;
  return port;
}

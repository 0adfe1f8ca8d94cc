import { AGGREGATE_RULES } from './aggregate-rules';
import { BROKER_NAME, brokerOf, DATASTORE_PURPOSES, datastoreName } from './datastore';
import { eventConstant } from './event';
import { GRAPHQL_RULES } from './graphql-rules';
import type { Entry, ManifestFile, Rule } from './platform-rule';
import { grpcHost, projectNameProblem } from './name';
import { nextFreePort, portsOf } from './port';
import type { Problem } from './problem';
import { ROUTE_RULES } from './route-rules';
import { didYouMean } from './yaml-source';

/** Rules between the manifests of a workspace, which no single manifest can check. */
export const RULES: readonly Rule[] = [
  validNames,
  uniqueNames,
  freeNames,
  outsideTheRoot,
  uniquePorts,
  grpcOfServices,
  knownProviders,
  noSelfConsumption,
  noRepeatedProviders,
  brokerForEvents,
  oneBroker,
  publishedEvents,
  noRepeatedEvents,
  distinctContracts,
  ...ROUTE_RULES,
  ...AGGREGATE_RULES,
  ...GRAPHQL_RULES,
];

function validNames(_: readonly Entry[], files: readonly ManifestFile[]): Problem[] {
  return files.flatMap(({ file, name }) => projectNameProblem(file, name) ?? []);
}

function uniqueNames(_: readonly Entry[], files: readonly ManifestFile[]): Problem[] {
  return files.flatMap(({ file, name }, index) => {
    const first = files.findIndex((other) => other.name === name);
    return first < index
      ? [
          {
            file,
            message: `there is already a service "${name}" in ${files[first]!.root}: rename one`,
          },
        ]
      : [];
  });
}

/** Services, datastores and the broker share one name space, because each name is a host name in the network. */
function freeNames(read: readonly Entry[], files: readonly ManifestFile[]): Problem[] {
  const taken = new Map<string, string>();
  for (const { file, manifest } of read) {
    if (manifest.broker) taken.set(BROKER_NAME, 'the broker of the platform');
    if (manifest.grpcPort !== undefined) {
      taken.set(grpcHost(file.name), `the gRPC of "${file.name}"`);
    }
    for (const purpose of DATASTORE_PURPOSES) {
      if (!manifest.datastores[purpose]) continue;
      taken.set(datastoreName(file.name, purpose), `the ${purpose} of "${file.name}"`);
    }
  }
  return files.flatMap(({ file, name }) => {
    const owner = taken.get(name);
    return owner
      ? [{ file, message: `"${name}" is the name of ${owner}: rename the service` }]
      : [];
  });
}

/** The root's compose.yaml belongs to the platform, so a service in the root would have no compose file of its own. */
function outsideTheRoot(_: readonly Entry[], files: readonly ManifestFile[]): Problem[] {
  return files.flatMap(({ file, root }) =>
    root === '.' || root === ''
      ? [{ file, message: 'a service needs its own folder: move it to apps/<name>' }]
      : [],
  );
}

function uniquePorts(read: readonly Entry[]): Problem[] {
  const owners = new Map<number, string>();
  const used = new Set(read.flatMap(({ manifest }) => portsOf(manifest)));
  return read.flatMap(({ file, manifest, source }) =>
    (['port', 'grpcPort'] as const).flatMap((key) => {
      const port = manifest[key];
      if (port === undefined) return [];
      const owner = owners.get(port);
      if (owner === undefined) {
        owners.set(port, file.name);
        return [];
      }
      const free = nextFreePort(used);
      used.add(free);
      const message = `port ${port} is already used by "${owner}"; the next free one is ${free}`;
      return [{ file: file.file, line: source.lineOf([key]), message }];
    }),
  );
}

/** A gateway passes on HTTP, and a worker takes no calls. */
function grpcOfServices(read: readonly Entry[]): Problem[] {
  return read.flatMap(({ file, manifest: { kind, grpcPort }, source }) =>
    grpcPort === undefined || kind === 'service'
      ? []
      : [
          {
            file: file.file,
            line: source.lineOfKey([], 'grpcPort'),
            message: `a ${kind} does not speak gRPC: remove "grpcPort", or make it "kind: service"`,
          },
        ],
  );
}

function knownProviders(read: readonly Entry[], files: readonly ManifestFile[]): Problem[] {
  const names = files.map(({ name }) => name);
  return eachLink(read, ({ consumer, provider }) =>
    names.includes(provider)
      ? undefined
      : `consumes "${provider}", which is not a service of this platform${didYouMean(
          provider,
          names.filter((name) => name !== consumer),
        )}`,
  );
}

function noSelfConsumption(read: readonly Entry[]): Problem[] {
  return eachLink(read, ({ consumer, provider }) =>
    provider === consumer ? `"${consumer}" consumes itself: remove it from "consumes"` : undefined,
  );
}

function noRepeatedProviders(read: readonly Entry[]): Problem[] {
  return eachLink(read, ({ provider, index, consumes }) =>
    consumes.indexOf(provider) < index
      ? `"${provider}" is listed twice in "consumes": remove one`
      : undefined,
  );
}

interface Link {
  consumer: string;
  provider: string;
  index: number;
  consumes: readonly string[];
}

function eachLink(read: readonly Entry[], check: (link: Link) => string | undefined): Problem[] {
  return read.flatMap(({ file, manifest: { consumes }, source }) =>
    consumes.flatMap((provider, index) => {
      const message = check({ consumer: file.name, provider, index, consumes });
      return message
        ? [{ file: file.file, line: source.lineOf(['consumes', index]), message }]
        : [];
    }),
  );
}

function brokerForEvents(read: readonly Entry[]): Problem[] {
  return read.flatMap(({ file, manifest, source }) =>
    EVENT_LISTS.filter((list) => manifest[list].length > 0 && !manifest.broker).map((list) => ({
      file: file.file,
      line: source.lineOfKey([], list),
      message: `"${list}" needs a broker: add "broker: ${brokerOf(read.map((one) => one.manifest))}"`,
    })),
  );
}

function oneBroker(read: readonly Entry[]): Problem[] {
  const first = read.find(({ manifest }) => manifest.broker);
  return read.flatMap(({ file, manifest, source }) =>
    manifest.broker && manifest.broker !== first?.manifest.broker
      ? [
          {
            file: file.file,
            line: source.lineOf(['broker']),
            message: `the broker is "${manifest.broker}", but "${first!.manifest.broker}" in ${first!.file.file}: the platform has one, so write the same in all manifests`,
          },
        ]
      : [],
  );
}

function publishedEvents(read: readonly Entry[]): Problem[] {
  const published = [...new Set(read.flatMap(({ manifest }) => manifest.publishes))].sort();
  return eachEvent(read, ({ list, event }) =>
    list === 'publishes' || published.includes(event)
      ? undefined
      : `subscribes to "${event}", which no service publishes${didYouMean(event, published)}`,
  );
}

function noRepeatedEvents(read: readonly Entry[]): Problem[] {
  return eachEvent(read, ({ list, event, index, events }) =>
    events.indexOf(event) < index
      ? `"${event}" is listed twice in "${list}": remove one`
      : undefined,
  );
}

/** `order.item-sold` and `order-item.sold` would have the same contract file. */
function distinctContracts(read: readonly Entry[]): Problem[] {
  const owners = new Map<string, string>();
  return eachEvent(read, ({ event }) => {
    const owner = owners.get(eventConstant(event));
    if (owner === undefined) owners.set(eventConstant(event), event);
    return owner === undefined || owner === event
      ? undefined
      : `"${event}" and "${owner}" would have the same contract, ${eventConstant(event)}: rename one`;
  });
}

const EVENT_LISTS = ['publishes', 'subscribes'] as const;

interface ListedEvent {
  list: (typeof EVENT_LISTS)[number];
  event: string;
  index: number;
  events: readonly string[];
}

function eachEvent(
  read: readonly Entry[],
  check: (listed: ListedEvent) => string | undefined,
): Problem[] {
  return read.flatMap(({ file, manifest, source }) =>
    EVENT_LISTS.flatMap((list) =>
      manifest[list].flatMap((event, index) => {
        const message = check({ list, event, index, events: manifest[list] });
        return message ? [{ file: file.file, line: source.lineOf([list, index]), message }] : [];
      }),
    ),
  );
}

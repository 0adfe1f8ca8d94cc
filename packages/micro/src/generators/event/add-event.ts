import { addDependenciesToPackageJson, logger, type Tree } from '@nx/devkit';
import { posix } from 'node:path';
import { ComposeEdit } from '../../compose/compose-edit';
import { CONTRACTS_ROOT } from '../../platform/contracts-library';
import type { Broker } from '../../platform/datastore';
import { eventConstant, keepsEventTables } from '../../platform/event';
import { MANIFEST_FILE } from '../../platform/manifest';
import type { Service } from '../../platform/platform';
import { addReference } from '../join-workspace';
import { addToList } from '../manifest-list';
import { BROKER_VERSIONS } from '../versions';
import { generateContract, generateContractsLibrary } from './contracts-library';
import { generateHandler } from './handler';
import type { EventOptions } from './options';
import { howToSubscribe, subscribeInApp } from './subscribe-in-app';

const BROKER: Broker = 'rabbitmq';

/** Adds an event to the tree: all that a person or sync does not derive from the manifests. */
export function addEvent(tree: Tree, options: EventOptions): void {
  const { event, publisher, subscribers, source, fields, contractsPackage } = options;
  generateContractsLibrary(tree, {
    packageName: contractsPackage,
    packageManager: options.packageManager,
  });
  generateContract(tree, event, fields ?? []);
  if (publisher) joinEvents(tree, publisher, 'publishes', options);
  for (const subscriber of subscribers) {
    joinEvents(tree, subscriber, 'subscribes', options);
    const service = { ...subscriber, broker: subscriber.broker ?? BROKER };
    generateHandler(tree, { event, service, source, contractsPackage, fields });
  }
}

/** Gives a service the broker, and the event in a list of its manifest. */
function joinEvents(
  tree: Tree,
  { root }: Service,
  list: 'publishes' | 'subscribes',
  { event, contractsPackage, packageManager }: EventOptions,
): void {
  const manifest = posix.join(root, MANIFEST_FILE);
  const before = tree.read(manifest, 'utf8') ?? '';
  const edit = new ComposeEdit(manifest, before);
  if (!edit.has(['broker'])) edit.set(['broker'], BROKER);
  const { text, drift } = edit.toFile();
  const after = addToList(drift.length > 0 ? text : before, list, event);
  if (after !== before) tree.write(manifest, after);
  addDependenciesToPackageJson(
    tree,
    {
      [contractsPackage]: packageManager.kind === 'pnpm' ? 'workspace:*' : '*',
      ...BROKER_VERSIONS[BROKER],
    },
    {},
    posix.join(root, 'package.json'),
    true,
  );
  addReference(tree, posix.join(root, 'tsconfig.json'), CONTRACTS_ROOT);
  if (!subscribeInApp(tree, root)) logger.warn(howToSubscribe(root));
}

/** What is a person's to write. */
export function sayWhatIsLeft({ event, publisher, fields }: EventOptions): void {
  if (!publisher) return;
  const constant = eventConstant(event);
  const data = fields ? `{ ${fields.map(({ name }) => name).join(', ')} }` : 'data';
  const call = keepsEventTables({ ...publisher, broker: BROKER })
    ? `resources.outbox.publish(client, ${constant}, ${data}) in the transaction that it belongs to`
    : `resources.broker.publish(${constant}, ${data})`;
  logger.info(`${publisher.name} publishes ${event} with ${call}.`);
}

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

/** Adds an event to the tree: all that a person or sync does not derive from the manifests. */
export function addEvent(tree: Tree, options: EventOptions): void {
  const { event, publisher, subscribers, source, fields, orderBy, contractsPackage } = options;
  generateContractsLibrary(tree, {
    packageName: contractsPackage,
    packageManager: options.packageManager,
  });
  generateContract(tree, event, { fields: fields ?? [], orderBy });
  if (publisher) joinEvents(tree, publisher, 'publishes', options);
  for (const subscriber of subscribers) {
    joinEvents(tree, subscriber, 'subscribes', options);
    const service = { ...subscriber, broker: options.broker };
    generateHandler(tree, { event, service, source, contractsPackage, fields });
  }
}

/** Gives a service the event in a list of its manifest, and what its code needs for it. */
function joinEvents(
  tree: Tree,
  { root }: Service,
  list: 'publishes' | 'subscribes',
  { event, contractsPackage, packageManager, broker }: EventOptions,
): void {
  addBroker(tree, { root }, broker);
  const manifest = posix.join(root, MANIFEST_FILE);
  const before = tree.read(manifest, 'utf8') ?? '';
  const after = addToList(before, list, event);
  if (after !== before) tree.write(manifest, after);
  const version = packageManager.kind === 'npm' ? '*' : 'workspace:*';
  addPackages(tree, root, { [contractsPackage]: version });
  addReference(tree, posix.join(root, 'tsconfig.json'), CONTRACTS_ROOT);
}

/** Adds the broker to a service: to its manifest, its packages and, if possible, its app. */
export function addBroker(tree: Tree, { root }: Pick<Service, 'root'>, broker: Broker): void {
  const manifest = posix.join(root, MANIFEST_FILE);
  const edit = new ComposeEdit(manifest, tree.read(manifest, 'utf8') ?? '');
  edit.seed(['broker'], broker, 'broker is missing');
  const { text, drift } = edit.toFile();
  if (drift.length > 0) tree.write(manifest, text);
  addPackages(tree, root, BROKER_VERSIONS[broker]);
  if (!subscribeInApp(tree, root)) logger.warn(howToSubscribe(root));
}

function addPackages(tree: Tree, root: string, versions: Record<string, string>): void {
  addDependenciesToPackageJson(tree, versions, {}, posix.join(root, 'package.json'), true);
}

/** What is a person's to write, or `undefined` if that is nothing. */
export function howToPublish({
  event,
  publisher,
  fields,
  broker,
}: EventOptions): string | undefined {
  if (!publisher) return undefined;
  const constant = eventConstant(event);
  const data = fields ? `{ ${fields.map(({ name }) => name).join(', ')} }` : 'data';
  const call = keepsEventTables({ ...publisher, broker })
    ? `resources.outbox.publish(client, ${constant}, ${data}) in the transaction that it belongs to`
    : `resources.broker.publish(${constant}, ${data})`;
  return `${publisher.name} publishes ${event} with ${call}.`;
}

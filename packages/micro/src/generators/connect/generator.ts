import { formatFiles, type Tree } from '@nx/devkit';
import { MANIFEST_FILE } from '../../platform/manifest';
import type { Service } from '../../platform/platform';
import { UserError } from '../../platform/user-error';
import { didYouMean } from '../../platform/yaml-source';
import { addToList } from '../manifest-list';
import { syncWorkspace } from '../sync/sync-workspace';
import { readTreePlatform } from '../workspace-tree';
import { generateClient } from './client';

export interface ConnectSchema {
  consumer: string;
  provider: string;
  skipFormat?: boolean;
}

interface ConnectOptions {
  consumer: Service;
  provider: Service;
  skipFormat: boolean;
}

export async function connectGenerator(tree: Tree, schema: ConnectSchema): Promise<void> {
  const { consumer, provider, skipFormat } = normalizeOptions(tree, schema);
  addLink(tree, consumer.root, provider.name);
  syncWorkspace(tree);
  if (!skipFormat) await formatFiles(tree);
}

export default connectGenerator;

/** All of a link that is not derived: its place in the consumer's manifest, and a client. */
export function addLink(tree: Tree, consumerRoot: string, provider: string): void {
  const manifest = `${consumerRoot}/${MANIFEST_FILE}`;
  const before = tree.read(manifest, 'utf8') ?? '';
  const after = addToList(before, 'consumes', provider);
  if (after !== before) tree.write(manifest, after);
  generateClient(tree, consumerRoot, provider);
}

/** @throws with every reason why the two cannot be connected; nothing is written before. */
function normalizeOptions(tree: Tree, schema: ConnectSchema): ConnectOptions {
  const { services } = readTreePlatform(tree);
  const names = services.map(({ name }) => name);
  const consumer = services.find(({ name }) => name === schema.consumer);
  const provider = services.find(({ name }) => name === schema.provider);
  const unknown = [...new Set([schema.consumer, schema.provider])].filter(
    (name) => !names.includes(name),
  );
  const problems = unknown.map(
    (name) => `"${name}" is not a service of this platform${didYouMean(name, names)}`,
  );
  if (schema.consumer === schema.provider) {
    problems.push(`"${schema.consumer}" cannot consume itself: name two services`);
  }
  if (!consumer || !provider || problems.length > 0) throw new UserError(problems.join('\n'));
  return { consumer, provider, skipFormat: schema.skipFormat ?? false };
}

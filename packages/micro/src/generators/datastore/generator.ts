import {
  addDependenciesToPackageJson,
  formatFiles,
  logger,
  type GeneratorCallback,
  type Tree,
} from '@nx/devkit';
import { ComposeEdit } from '../../compose/compose-edit';
import { installPackages } from '../../effects/package-install';
import { MANIFEST_FILE } from '../../platform/manifest';
import type { Service } from '../../platform/platform';
import { UserError } from '../../platform/user-error';
import { didYouMean } from '../../platform/yaml-source';
import { parseDatastores, splitNames, type Datastores } from '../datastore-names';
import { syncWorkspace } from '../sync/sync-workspace';
import { datastorePackages } from '../versions';
import { readTreePlatform } from '../workspace-tree';
import { otherEngines } from './other-engines';

export interface DatastoreSchema {
  service: string;
  datastores: string | string[];
  skipInstall?: boolean;
  skipFormat?: boolean;
}

/** Gives a service datastores of its own: manifest, packages, and all that sync derives. */
export async function datastoreGenerator(
  tree: Tree,
  schema: DatastoreSchema,
): Promise<GeneratorCallback> {
  const { service, datastores } = normaliseOptions(tree, schema);
  addDatastores(tree, service, datastores);
  syncWorkspace(tree);
  if (!schema.skipFormat) await formatFiles(tree);
  sayWhatIsLeft(tree, service);
  return () => {
    // The callback of devkit installs only if the root's package.json changed, which it did not.
    if (!schema.skipInstall) installPackages(tree, true);
  };
}

export default datastoreGenerator;

/** All of datastores that is not derived: the manifest of their service, and the packages it needs. */
export function addDatastores(
  tree: Tree,
  { root }: Pick<Service, 'root'>,
  datastores: Datastores,
): void {
  const manifest = `${root}/${MANIFEST_FILE}`;
  const edit = new ComposeEdit(manifest, tree.read(manifest, 'utf8') ?? '');
  for (const [purpose, engine] of Object.entries(datastores)) {
    edit.set(['datastores', purpose], engine);
  }
  const { text, drift } = edit.toFile();
  if (drift.length > 0) tree.write(manifest, text);
  const { dependencies, devDependencies } = datastorePackages(datastores);
  addDependenciesToPackageJson(tree, dependencies, devDependencies, `${root}/package.json`, true);
}

/** @throws with every reason why it cannot be done; nothing is written before. */
function normaliseOptions(
  tree: Tree,
  schema: DatastoreSchema,
): { service: Service; datastores: Datastores } {
  const { services } = readTreePlatform(tree);
  const service = services.find(({ name }) => name === schema.service);
  const names = services.map(({ name }) => name);
  const wanted = splitNames(schema.datastores);
  const { datastores, problems } = parseDatastores(wanted);
  if (wanted.length === 0) {
    problems.push('Name at least one datastore, such as --datastores=postgres');
  }
  if (!service) {
    problems.unshift(
      `"${schema.service}" is not a service of this platform${didYouMean(schema.service, names)}`,
    );
  }
  if (service) problems.push(...otherEngines(service, datastores));
  if (!service || problems.length > 0) throw new UserError(problems.join('\n'));
  return { service, datastores };
}

/** Code that a person has written is theirs: they are told how to reach the new datastore. */
export function sayWhatIsLeft(tree: Tree, { root }: Pick<Service, 'root'>): void {
  const app = tree.read(`${root}/src/app.ts`, 'utf8') ?? '';
  if (!app.includes('connectResources')) {
    logger.warn(
      `${root}/src/app.ts does not connect to its datastores: call connectResources(config) of src/resources.ts, and give the results to createService as "resources"`,
    );
  }
}

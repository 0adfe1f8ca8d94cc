import { formatFiles, type GeneratorCallback, type Tree } from '@nx/devkit';
import { brokerOf } from '../../platform/datastore';
import { UserError } from '../../platform/user-error';
import { didYouMean } from '../../platform/yaml-source';
import { splitNames } from '../datastore-names';
import { addEvent } from '../event/add-event';
import { normalizeEventOptions } from '../event/options';
import { serviceGenerator } from '../service/generator';
import { normalizeServiceOptions, type ServiceSchema } from '../service/options';
import { syncWorkspace } from '../sync/sync-workspace';
import { readTreePlatform } from '../workspace-tree';

type OfService = Pick<
  ServiceSchema,
  'name' | 'directory' | 'port' | 'consumes' | 'datastores' | 'skipInstall' | 'skipFormat'
>;

export interface WorkerSchema extends OfService {
  subscribes?: string | string[];
}

/** Creates a service that only handles events. */
export async function workerGenerator(
  tree: Tree,
  { subscribes, ...schema }: WorkerSchema,
): Promise<GeneratorCallback> {
  const events = splitNames(subscribes);
  checkPublished(tree, events);
  const broker = brokerOf(readTreePlatform(tree).services);
  const service: ServiceSchema = { ...schema, kind: 'worker', broker };
  const { name } = normalizeServiceOptions(tree, service);
  const install = await serviceGenerator(tree, { ...service, skipFormat: true });
  for (const event of events) {
    addEvent(tree, normalizeEventOptions(tree, { name: event, subscribers: name }));
  }
  syncWorkspace(tree);
  if (!schema.skipFormat) await formatFiles(tree);
  return install;
}

export default workerGenerator;

/** @throws with every event that no service publishes; nothing is written before. */
function checkPublished(tree: Tree, events: readonly string[]): void {
  const published = [
    ...new Set(readTreePlatform(tree).services.flatMap(({ publishes }) => publishes)),
  ].sort();
  const problems = events
    .filter((event) => !published.includes(event))
    .map((event) => `No service publishes "${event}"${didYouMean(event, published)}`);
  if (problems.length > 0) throw new UserError(problems.join('\n'));
}

import { join } from 'node:path';
import { configArguments, servicesArguments } from '../docker/compose';
import { EngineError } from '../docker/engine-error';
import { runDocker } from '../effects/engine';
import { withTemporaryFolder, writeWhole } from '../effects/files';
import { asDeployed, overrideFile, type ComposeEntry } from '../executors/compose-deploy/entry';
import { composeFiles, projectNameOf } from '../executors/compose-deploy/project';
import type { PushReceipt } from '../image/receipt';
import type { Environment } from '../platform/environment';
import type { Platform, Service } from '../platform/platform';
import { ROOT_COMPOSE_FILE } from '../platform/workspace';
import { addressOf, type Shell } from './shell';

/** What Compose makes of the workspace's files for an environment. */
export type RenderedEntries =
  | { kind: 'rendered'; entries: ReadonlyMap<string, ComposeEntry> }
  /** They could not be read, for example since a password is not here. */
  | { kind: 'unreadable'; problem: string };

/**
 * Every entry as a deploy to the environment would render it; the images are those of `receipts`, as
 * far as something was pushed.
 */
export async function renderEntries(
  { workspaceRoot, runner }: Shell,
  platform: Platform,
  environment: Environment,
  receipts: ReadonlyMap<string, PushReceipt>,
): Promise<RenderedEntries> {
  const files = composeFiles(workspaceRoot, environment);
  const name = projectNameOf(platform.name, environment);
  const address = addressOf(environment);
  const what = `${ROOT_COMPOSE_FILE} could not be read`;
  return withTemporaryFolder(async (folder) => {
    try {
      const names = await runDocker(runner, servicesArguments({ name, files }), address, what);
      const included = new Set(names.stdout.split('\n').filter(Boolean));
      const overrides: string[] = [];
      for (const service of platform.services.filter((one) => included.has(one.name))) {
        const file = join(folder, `${service.name}.yaml`);
        const receipt = receipts.get(service.name) ?? unpushed(service, environment);
        await writeWhole(file, overrideFile(service, environment, receipt, undefined), 0o600);
        overrides.push(file);
      }
      const project = { name, files: [...files, ...overrides] };
      const { stdout } = await runDocker(runner, configArguments(project), address, what);
      const { services } = JSON.parse(stdout) as { services?: Record<string, ComposeEntry> };
      const entries = Object.entries(services ?? {});
      return {
        kind: 'rendered',
        entries: new Map(entries.map(([entry, it]) => [entry, asDeployed(it, entry, environment)])),
      };
    } catch (error) {
      if (!(error instanceof EngineError) || error.kind === 'no-engine') throw error;
      return { kind: 'unreadable', problem: error.message };
    }
  });
}

/** An image that does not count: an entry is compared without it. */
function unpushed({ name }: Service, environment: Environment): PushReceipt {
  return {
    kind: 'local',
    service: name,
    key: '',
    environment: environment.name,
    image: name,
    imageId: '',
    since: '',
  };
}

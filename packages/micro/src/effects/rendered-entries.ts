import { addressOf, projectNameOf } from '../deployment/project';
import type { ComposeConfig } from '../deployment/entry';
import type { Publication } from '../edge/publication';
import type { PushReceipt } from '../image/receipt';
import type { Environment } from '../platform/environment';
import type { Platform } from '../platform/platform';
import { EngineError } from '../docker/engine-error';
import { withTemporaryFolder } from './files';
import type { Runner } from './process';
import { renderProject } from './rendered-project';

/** How Compose reads the workspace's files for an environment. */
export type RenderedEntries =
  | { kind: 'rendered'; config: ComposeConfig; publications?: readonly Publication[] }
  /** They could not be read, for example since a password is not here. */
  | { kind: 'unreadable'; problem: string };

/**
 * Every entry as a deploy to the environment would render it, with the pushed images.
 *
 * @throws {EngineError} if no engine answers.
 */
export async function renderEntries(
  { workspaceRoot, runner }: { workspaceRoot: string; runner: Runner },
  platform: Platform,
  environment: Environment,
  pushed: ReadonlyMap<string, PushReceipt>,
): Promise<RenderedEntries> {
  const address = addressOf(environment);
  const name = projectNameOf(platform.name, environment);
  const services = platform.services.map((service) => ({
    service,
    push: pushed.get(service.name),
  }));
  return withTemporaryFolder(async (folder) => {
    const rendering = { runner, address, workspaceRoot, environment, name, folder };
    try {
      const { config, publications = [] } = await renderProject(rendering, services);
      return { kind: 'rendered', config, publications };
    } catch (error) {
      if (!(error instanceof EngineError) || error.kind === 'no-engine') throw error;
      return { kind: 'unreadable', problem: error.message };
    }
  });
}

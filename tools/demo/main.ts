import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { CommandFailed, endAllChildren } from '../testing/child.js';
import { removePlatform } from '../testing/remove-platform.js';
import { createWorkspace, type Workspace } from '../testing/workspace.js';
import { ensureCaddyImage } from '../images/caddy/caddy-image.js';
import { ensureRegistry } from '../registry/ensure-registry.js';
import { LabError, runProgram, say } from '../program.js';
import { openStage } from './stage.js';
import { tellStory } from './story.js';

const USAGE = `usage: npm run demo [-- --keep]

  --keep   leave the workspace, the containers and the images, and say how to remove them
`;

void runProgram(async () => {
  const { values } = parseArgs({
    options: { keep: { type: 'boolean' }, help: { type: 'boolean' } },
  });
  if (values.help) return say(USAGE);
  const { host } = await ensureRegistry();
  await ensureCaddyImage();
  const interrupted = onInterrupt();
  const workspace = await createWorkspace('demo');
  const stage = openStage(interrupted);
  try {
    await tellStory(stage, workspace, host);
  } catch (error) {
    if (interrupted.aborted) throw new LabError('interrupted');
    throw error instanceof CommandFailed ? new LabError(error.message) : error;
  } finally {
    if (values.keep) say(howToClean(workspace));
    else await clean(workspace, host);
  }
});

/** Aborted on Ctrl-C. Running commands are ended, and the story ends as after a failure. */
function onInterrupt(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      controller.abort();
      endAllChildren('SIGTERM');
    });
  }
  return controller.signal;
}

function projectOf({ name }: Workspace): string {
  return `${name}-development`;
}

async function clean(workspace: Workspace, registry: string): Promise<void> {
  say(
    '\nremoving the containers, the images and the workspace (npm run demo -- --keep leaves them)',
  );
  await removePlatform(workspace.name, [projectOf(workspace)], registry);
  await workspace.remove();
}

function howToClean(workspace: Workspace): string {
  const images = `docker image ls --quiet --filter 'reference=${workspace.name}/*' --filter 'reference=*/${workspace.name}/*'`;
  return `
Left for you in ${workspace.root}. To remove all of it:
  docker compose --project-name ${projectOf(workspace)} down --volumes
  ${images} | sort -u | xargs docker image rm --force
  rm -rf ${dirname(workspace.root)}`;
}

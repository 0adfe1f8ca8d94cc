import { datastoresOf, platformBroker } from '../../compose/datastore';
import { docker } from '../../docker/command';
import { readRunningContainers, parseVariables } from '../../effects/containers';
import { readEnvironment } from '../../effects/environments';
import { countCommitsSince, readGitFacts } from '../../effects/git';
import { readReceipt } from '../../effects/receipts';
import { projectNameOf, addressOf } from '../../deployment/project';
import {
  buildReceiptSchema,
  pushReceiptSchema,
  receiptFile,
  type PushReceipt,
} from '../../image/receipt';
import { elsewhere, type Environment } from '../../platform/environment';
import type { Platform } from '../../platform/platform';
import { renderEntries } from '../../effects/rendered-entries';
import { readEdgeStatus } from './read-edge-status';
import { readWorkspacePlatform, type Shell } from '../shell';
import { reportStatus } from './report';
import { LABELS } from '../../platform/image-labels';
import type { PlatformStatus } from './document';

/** Asks the engine of an environment what runs, and the workspace what should. */
export async function readStatus(shell: Shell, environmentName: string): Promise<PlatformStatus> {
  const { workspaceRoot, runner } = shell;
  const platform = readWorkspacePlatform(workspaceRoot);
  const environment = readEnvironment(workspaceRoot, environmentName);
  const address = addressOf(environment);
  const project = projectNameOf(platform.name, environment);
  const receipts = await readReceipts(workspaceRoot, platform, environmentName);
  const [containers, rendered, git] = await Promise.all([
    readRunningContainers(runner, address, project),
    renderEntries(shell, platform, environment, receipts.pushed),
    readGitFacts(runner),
  ]);
  const edge = await readEdgeStatus(shell, environment, rendered, containers);
  const imageIds = [...new Set(containers.map(({ imageId }) => imageId))];
  const revisions = containers.flatMap(({ labels }) => labels[LABELS.revision] ?? []);
  return reportStatus({
    platform,
    environment,
    project,
    pushed: receipts.pushed,
    built: receipts.built,
    backing: backingOf(platform, environment),
    rendered,
    containers,
    ...(edge ? { edge } : {}),
    now: new Date(shell.clock.now()),
    imageVariables: await readImageVariables(shell, address, imageIds),
    commitsSince: await countCommitsSince(runner, new Set(revisions)),
    ...(git.commit === undefined ? {} : { commit: git.commit }),
  });
}

async function readReceipts(workspaceRoot: string, { services }: Platform, environment: string) {
  const pushed = new Map<string, PushReceipt>();
  const built = new Map<string, string>();
  await Promise.all(
    services.map(async ({ name, root }) => {
      const [push, build] = await Promise.all([
        readReceipt(
          workspaceRoot,
          receiptFile(root, 'docker-push', environment),
          pushReceiptSchema,
        ),
        readReceipt(workspaceRoot, receiptFile(root, 'docker-build'), buildReceiptSchema),
      ]);
      if (push) pushed.set(name, push);
      if (build) built.set(name, build.key);
    }),
  );
  return { pushed, built };
}

function backingOf(platform: Platform, environment: Environment): Map<string, string> {
  const broker = platformBroker(platform);
  const here = platform.services.filter(({ name }) => elsewhere(environment, name) === undefined);
  return new Map(
    [...here.flatMap(datastoresOf), ...(broker ? [broker] : [])].map(({ name, engine }) => [
      name,
      engine,
    ]),
  );
}

/** One that is gone since its container was made brings no variables that could be told apart. */
async function readImageVariables(
  { runner }: Shell,
  address: ReturnType<typeof addressOf>,
  ids: readonly string[],
): Promise<Map<string, Record<string, string>>> {
  const known = new Map<string, Record<string, string>>();
  await Promise.all(
    ids.map(async (id) => {
      const { exitCode, stdout } = await runner.run(
        docker(['image', 'inspect', '--format', '{{json .Config.Env}}', id], address),
      );
      if (exitCode !== 0) return;
      known.set(id, parseVariables((JSON.parse(stdout) as string[] | null) ?? []));
    }),
  );
  return known;
}

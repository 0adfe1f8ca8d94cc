import { datastoresOf, platformBroker } from '../../compose/datastore';
import { docker } from '../../docker/command';
import { readRunningContainers, parseVariables } from '../../effects/containers';
import { readAnyEnvironment } from '../../effects/environments';
import { countCommitsSince, readGitFacts } from '../../effects/git';
import { readBuiltKeys, readPushedImages } from '../../effects/pushed-images';
import { projectNameOf, addressOf } from '../../deployment/project';
import { elsewhere, type Environment } from '../../platform/environment';
import type { Platform } from '../../platform/platform';
import { readShares } from '../../effects/canary-shares';
import { renderEntries } from '../../effects/rendered-entries';
import { readClusterStatus } from './read-cluster-status';
import { readEcsStatus } from './read-ecs-status';
import { readEdgeStatus } from './read-edge-status';
import { readWorkspacePlatform, type Shell } from '../shell';
import { reportStatus } from './report';
import { LABELS } from '../../platform/image-labels';
import type { PlatformStatus } from './document';

/** Asks the engine, the cluster or the ECS of an environment what runs, and the workspace what should. */
export async function readStatus(shell: Shell, environmentName: string): Promise<PlatformStatus> {
  const { workspaceRoot, runner } = shell;
  const platform = readWorkspacePlatform(workspaceRoot);
  const environment = readAnyEnvironment(workspaceRoot, environmentName);
  if (environment.engine === 'kubernetes') return readClusterStatus(shell, platform, environment);
  if (environment.engine === 'ecs') return readEcsStatus(shell, platform, environment);
  const address = addressOf(environment);
  const project = projectNameOf(platform.name, environment);
  const [pushed, built] = await Promise.all([
    readPushedImages(workspaceRoot, platform, environmentName),
    readBuiltKeys(workspaceRoot, platform),
  ]);
  const [containers, shares, rendered, git] = await Promise.all([
    readRunningContainers(runner, address, project),
    readShares({ runner, address, project }),
    renderEntries(shell, platform, environment, pushed),
    readGitFacts(runner),
  ]);
  const edge = await readEdgeStatus(shell, environment, rendered, containers, shares);
  const imageIds = [...new Set(containers.map(({ imageId }) => imageId))];
  const revisions = containers.flatMap(({ labels }) => labels[LABELS.revision] ?? []);
  return reportStatus({
    platform,
    environment,
    project,
    pushed,
    built,
    backing: backingOf(platform, environment),
    rendered,
    containers,
    shares,
    ...(edge ? { edge } : {}),
    now: new Date(shell.clock.now()),
    imageVariables: await readImageVariables(shell, address, imageIds),
    commitsSince: await countCommitsSince(runner, new Set(revisions)),
    ...(git.commit === undefined ? {} : { commit: git.commit }),
  });
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

import { imageOfPush } from '../../deployment/desired-state';
import { desiredEcsService, type DesiredEcsService } from '../../ecs/desired-service';
import { commitOfRecord } from '../../ecs/live-service';
import { scopeOf } from '../../ecs/names';
import { awsOf } from '../../effects/aws';
import { renderForEcs } from '../../effects/ecs-rendering';
import { readEcsState, readEcsTasks } from '../../effects/ecs-state';
import { countCommitsSince, readGitFacts } from '../../effects/git';
import { readBuiltKeys, readPushedImages } from '../../effects/pushed-images';
import type { PushReceipt } from '../../image/receipt';
import type { EcsEnvironment } from '../../platform/ecs-environment';
import { elsewhere } from '../../platform/environment';
import type { Platform } from '../../platform/platform';
import { UserError } from '../../platform/user-error';
import type { Shell } from '../shell';
import type { PlatformStatus } from './document';
import { reportEcs, type DeclaredServices } from './ecs-report';

/** Asks ECS what runs, with one list of services and one of tasks, and the workspace what should. */
export async function readEcsStatus(
  shell: Shell,
  platform: Platform,
  environment: EcsEnvironment,
): Promise<PlatformStatus> {
  const { workspaceRoot, runner } = shell;
  const scope = scopeOf(platform, environment);
  const aws = awsOf(runner, scope, environment);
  const known = platform.services.map(({ name }) => name);
  const here = known.filter((name) => elsewhere(environment, name) === undefined);
  const [state, tasks, pushed, built, git] = await Promise.all([
    readEcsState(aws, scope, here, known),
    readEcsTasks(aws, scope),
    readPushedImages(workspaceRoot, platform, environment.name),
    readBuiltKeys(workspaceRoot, platform),
    readGitFacts(runner),
  ]);
  const revisions = [...state.services.values()].flatMap(
    ({ record }) => commitOfRecord(record) ?? [],
  );
  return reportEcs({
    ...{ platform, environment, scope, state, tasks, built },
    declared: await readDeclared(shell, platform, environment, pushed),
    pushed: new Map([...pushed].map(([name, { key }]) => [name, key])),
    commitsSince: await countCommitsSince(runner, new Set(revisions)),
    ...(git.commit === undefined ? {} : { commit: git.commit }),
  });
}

async function readDeclared(
  shell: Shell,
  platform: Platform,
  environment: EcsEnvironment,
  pushed: ReadonlyMap<string, PushReceipt>,
): Promise<DeclaredServices> {
  const images = new Map([...pushed].map(([name, push]) => [name, imageOfPush(push)]));
  if (images.size === 0) return { services: new Map() };
  try {
    const rendered = await renderForEcs(shell, platform, environment, images);
    const services = rendered.entries
      .filter(({ kind }) => kind === 'service')
      .map(({ service }): [string, DesiredEcsService] => [
        service,
        desiredEcsService(rendered, service, images.get(service)!),
      ]);
    return { services: new Map(services) };
  } catch (error) {
    // Such as a variable without a value, or a program that is not installed here.
    if (!(error instanceof UserError)) throw error;
    return { services: new Map(), problem: error.message };
  }
}

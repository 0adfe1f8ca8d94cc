import { renderForCluster } from '../../effects/cluster-rendering';
import { renderForEcs } from '../../effects/ecs-rendering';
import type { EcsEnvironment } from '../../platform/ecs-environment';
import type { KubernetesEnvironment } from '../../platform/kubernetes-environment';
import type { Platform } from '../../platform/platform';
import { PlatformError, formatProblem } from '../../platform/problem';
import { UserError } from '../../platform/user-error';
import type { Shell } from '../shell';

/** What keeps a platform from being rendered for an environment, whatever was pushed. */
export async function readRenderProblems(
  shell: Shell,
  platform: Platform,
  environment: KubernetesEnvironment | EcsEnvironment,
): Promise<string[]> {
  const image = { key: '', image: 'none' };
  const images = new Map(platform.services.map(({ name }) => [name, image]));
  try {
    if (environment.engine === 'ecs') await renderForEcs(shell, platform, environment, images);
    else await renderForCluster(shell, platform, environment, images);
    return [];
  } catch (error) {
    if (error instanceof PlatformError) return error.problems.map(formatProblem);
    if (!(error instanceof UserError)) throw error;
    return error.message.split('\n');
  }
}

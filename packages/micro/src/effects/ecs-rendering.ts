import { serviceComposeFile } from '../compose/paths';
import type { ComposeConfig } from '../deployment/entry';
import { healthCheckOf } from '../dockerfile/health-check';
import { ecsProblems, type EcsProblem } from '../ecs/problems';
import { renderEcs, type EcsRenderInput, type RenderedEcs } from '../ecs/render';
import type { EcsEnvironment } from '../platform/ecs-environment';
import { serviceNamed, type Platform } from '../platform/platform';
import { PlatformError } from '../platform/problem';
import { parseYaml } from '../platform/yaml-source';
import { fileReader } from './files';
import type { Runner } from './process';
import { readComposeFiles } from './rendered-project';

/**
 * The inputs of the calls that make every service that has an image.
 * @throws {PlatformError} naming each variable that has no value there, and each setting that ECS does not have.
 */
export async function renderForEcs(
  { workspaceRoot, runner }: { workspaceRoot: string; runner: Runner },
  platform: Platform,
  environment: EcsEnvironment,
  images: EcsRenderInput['images'],
): Promise<RenderedEcs> {
  const { written } = await readComposeFiles(runner, workspaceRoot, environment);
  const read = fileReader(workspaceRoot);
  const healthChecks = new Map(
    platform.services.flatMap(({ name, root }) => {
      const found = healthCheckOf(read(`${root}/Dockerfile`) ?? '');
      return found ? [[name, found] as const] : [];
    }),
  );
  const rendered = renderEcs({ platform, environment, written, images, healthChecks });
  requireComplete(workspaceRoot, platform, environment, rendered, written);
  return rendered;
}

function requireComplete(
  workspaceRoot: string,
  platform: Platform,
  environment: EcsEnvironment,
  rendered: RenderedEcs,
  written: ComposeConfig,
): void {
  const read = fileReader(workspaceRoot);
  const fileOf = ({ service, where }: EcsProblem) => {
    const it = serviceNamed(platform, service);
    if (where === 'environment') return environment.file;
    return where === 'manifest' ? `${it.root}/service.yml` : serviceComposeFile(it);
  };
  const problems = ecsProblems(rendered, platform, environment, written).map((problem) => {
    const file = fileOf(problem);
    const line = parseYaml(file, read(file) ?? '').source?.lineOf(problem.path);
    return { file, ...(line === undefined ? {} : { line }), message: problem.message };
  });
  const once = new Map(problems.map((one) => [JSON.stringify(one), one]));
  if (once.size > 0) throw new PlatformError([...once.values()]);
}

import { elsewhere, type Environment } from '../platform/environment';
import { formatStep } from '../terminal/step';
import type { ServiceTask } from './service-task';
import type { DeployMode } from './deploy-options';
import type { DeployRequest } from './deploy-request';

/** Leaves out services that run somewhere else (`links` of the environment), and says so. */
export function skipExternal(
  { tasks, tell }: Pick<DeployRequest, 'tasks' | 'tell'>,
  environment: Pick<Environment, 'file' | 'links'>,
  { json }: DeployMode,
): ServiceTask[] {
  return tasks.filter(({ service: { name } }) => {
    const url = elsewhere(environment, name);
    // Nothing but the plan may be printed for programs.
    if (url !== undefined && !json) {
      const why = `it runs at ${url}, as ${environment.file} says under links`;
      tell(formatStep(name, 'nothing', why));
    }
    return url === undefined;
  });
}

import { elsewhere, type Environment } from '../../../platform/environment';
import { formatStep } from '../../../terminal/step';
import type { ServiceTask } from '../../service-task';
import type { DeployMode } from '../options';
import type { DeployRequest } from '../run';

/** The services that run in the environment; says of the others where they do. */
export function skipExternal(
  { tasks, tell }: Pick<DeployRequest, 'tasks' | 'tell'>,
  environment: Environment,
  { json }: DeployMode,
): ServiceTask[] {
  return tasks.filter(({ service: { name } }) => {
    const url = elsewhere(environment, name);
    // A program reads nothing but the plan, which does not have it.
    if (url !== undefined && !json) {
      const why = `it runs at ${url}, as ${environment.file} says under links`;
      tell(formatStep(name, 'nothing', why));
    }
    return url === undefined;
  });
}

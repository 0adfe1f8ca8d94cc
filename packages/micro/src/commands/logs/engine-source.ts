import { DEPLOY_LABELS } from '../../deployment/labels';
import { docker, type EngineAddress } from '../../docker/command';
import { timedLogArguments } from '../../docker/container';
import { toEngineError } from '../../docker/engine-error';
import { saysContainerGone } from '../../docker/error-patterns';
import { readProjectContainers } from '../../effects/containers';
import type { Runner } from '../../effects/process';
import type { LogSource } from './log-source';

/** The containers of a Compose project. */
export function engineSource(runner: Runner, address: EngineAddress, project: string): LogSource {
  return {
    lookAgain: 1000,
    atOnce: Infinity,
    list: async () => {
      const containers = await readProjectContainers(runner, address, project);
      return containers.map(({ id, name, service, state, labels }) => ({
        ...{ id, name },
        service: labels[DEPLOY_LABELS.canary] ?? service,
        isRunning: state === 'running',
      }));
    },
    command: ({ id }, range) => docker(timedLogArguments(id, range), address),
    // A container that a deploy removed meanwhile has said all that it had to say.
    isHarmless: saysContainerGone,
    toError: ({ name }, outcome) =>
      toEngineError(`Could not read the log of ${name}`, outcome, address),
  };
}

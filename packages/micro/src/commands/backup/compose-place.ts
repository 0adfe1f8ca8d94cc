import { migrationJobName } from '../../compose/migration-job';
import { docker, formatCommand, type EngineAddress } from '../../docker/command';
import { stopArguments } from '../../docker/container';
import { scriptArguments } from '../../docker/exec';
import { addressOf, projectNameOf } from '../../deployment/project';
import { readRunningContainers } from '../../effects/containers';
import { readStreamed } from '../../effects/streamed-file';
import { newMark, runToMark } from '../../effects/whole-output';
import type { Environment } from '../../platform/environment';
import { holdEnvironment } from '../hold-environment';
import { toToolError } from '../tool-failure';
import type { DatastoreContainer, Place } from './place';

/** The containers of a Compose project, reached by `docker exec`. */
export function composePlace(platformName: string, environment: Environment): Place {
  const address = addressOf(environment);
  const project = projectNameOf(platformName, environment);
  return {
    environment: environment.name,
    home: `the Compose project ${project}`,
    notRunning: 'has no running container: start it',
    links: environment.links,
    readContainers: ({ runner }) => readRunningContainers(runner, address, project),
    ask: ({ runner }, { id }, script) =>
      runner.run(docker(scriptArguments(id, script, { mark: newMark() }), address), {
        timeout: 30_000,
      }),
    dump: ({ runner, signal }, { id }, script, streams) => {
      const mark = newMark();
      const command = docker(scriptArguments(id, script, { interactive: true, mark }), address);
      return runToMark(runner, command, mark, { ...streams, signal });
    },
    restore: ({ runner, signal }, { id }, script, { path, onBytes }) => {
      const how = { interactive: true, mark: newMark() };
      const command = docker(scriptArguments(id, script, how), address);
      return runner.run(command, { input: readStreamed(path), signal, onBytes });
    },
    toError: (what, outcome) => toToolError(what, outcome, address),
    hold: (shell, lock, work) => holdEnvironment(shell, { environment, project, ...lock }, work),
    whyBusy: (containers, service, datastore) => whyBusy(containers, service, datastore, address),
    describePause: () => [],
    withoutServices: (_shell, _services, work) => work(),
    afterRestore: () => Promise.resolve(),
  };
}

/**
 * A running service would write data that is about to be lost, read data that is half restored, and block the restore
 * with open transactions.
 */
function whyBusy(
  containers: readonly DatastoreContainer[],
  service: string,
  datastore: string,
  address: EngineAddress,
): string | undefined {
  const users = [service, migrationJobName({ name: service })];
  const busy = containers
    .filter((container) => users.includes(container.service))
    .filter(({ state }) => state === 'running' || state === 'restarting' || state === 'paused')
    .map((container) => container.name);
  if (busy.length === 0) return undefined;
  const stop = formatCommand(docker(stopArguments(busy), address));
  return `${service} is running and would write to ${datastore} meanwhile: stop it with "${stop}" and start it afterwards, or use --while-running`;
}

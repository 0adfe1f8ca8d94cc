import { overlayFile } from '../deployment/project';
import {
  imageChangeProblems,
  mountProblems,
  type DatastoreFiles,
} from '../deployment/datastore-problems';
import type { Outdated } from '../deployment/run-plan';
import { writtenProblems } from '../deployment/written-problems';
import type { Environment } from '../platform/environment';
import type { Service } from '../platform/platform';
import type { Problem } from '../platform/problem';
import { parseYaml } from '../platform/yaml-source';
import { ROOT_COMPOSE_FILE } from '../platform/workspace';
import { fileReader } from './files';

/** Settings in the compose files of these services that a deploy cannot apply. */
export function readWrittenProblems(
  workspaceRoot: string,
  services: readonly Service[],
  environment: Environment,
): Problem[] {
  const filesOf = sourceReader(workspaceRoot, environment);
  return services.flatMap((service) => {
    const files = filesOf(service);
    return [...writtenProblems(service, environment, files), ...mountProblems(service, files)];
  });
}

/**
 * Images of datastores and the broker with which a service cannot be deployed, because they cannot read the data of the
 * version that is running.
 */
export function readImageChangeProblems(
  workspaceRoot: string,
  service: Service,
  environment: Environment,
  changes: readonly Outdated[],
): Problem[] {
  if (changes.length === 0) return [];
  return imageChangeProblems(service, sourceReader(workspaceRoot, environment)(service), changes);
}

function sourceReader(
  workspaceRoot: string,
  environment: Environment,
): (service: Service) => DatastoreFiles {
  const read = fileReader(workspaceRoot);
  const sourceOf = (file: string) => {
    const text = read(file);
    // Compose itself reports a file that cannot be parsed.
    return text === undefined ? undefined : parseYaml(file, text).source;
  };
  const [root, overlay] = [sourceOf(ROOT_COMPOSE_FILE), sourceOf(overlayFile(environment))];
  return (service) => ({ root, own: sourceOf(`${service.root}/compose.yaml`), overlay });
}

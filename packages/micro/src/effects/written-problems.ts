import { overlayFile } from '../deployment/project';
import { writtenProblems } from '../deployment/written-problems';
import type { Environment } from '../platform/environment';
import type { Service } from '../platform/platform';
import type { Problem } from '../platform/problem';
import { parseYaml } from '../platform/yaml-source';
import { fileReader } from './files';

/** What the compose files of these services say that a deploy to an environment could not keep to. */
export function readWrittenProblems(
  workspaceRoot: string,
  services: readonly Service[],
  environment: Environment,
): Problem[] {
  const read = fileReader(workspaceRoot);
  const sourceOf = (file: string) => {
    const text = read(file);
    // One that cannot be read is a problem of Compose.
    return text === undefined ? undefined : parseYaml(file, text).source;
  };
  const overlay = sourceOf(overlayFile(environment));
  return services.flatMap((service) =>
    writtenProblems(service, environment, {
      own: sourceOf(`${service.root}/compose.yaml`),
      overlay,
    }),
  );
}

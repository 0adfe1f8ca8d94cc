import { overlayFile } from '../deployment/project';
import { writtenProblems } from '../deployment/written-problems';
import type { Environment } from '../platform/environment';
import type { Service } from '../platform/platform';
import type { Problem } from '../platform/problem';
import { parseYaml } from '../platform/yaml-source';
import { fileReader } from './files';

/** Settings in the compose files of these services that a deploy cannot follow. */
export function readWrittenProblems(
  workspaceRoot: string,
  services: readonly Service[],
  environment: Environment,
): Problem[] {
  const read = fileReader(workspaceRoot);
  const sourceOf = (file: string) => {
    const text = read(file);
    // Compose itself reports a file that cannot be parsed.
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

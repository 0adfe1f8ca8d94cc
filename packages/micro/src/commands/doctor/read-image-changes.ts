import { addressOf, projectNameOf } from '../../deployment/project';
import { readProjectContainers } from '../../effects/containers';
import type { RenderedEntries } from '../../effects/rendered-entries';
import { readImageChangeProblems } from '../../effects/written-problems';
import {
  BROKER_NAME,
  DATASTORE_PURPOSES,
  datastoreName,
  isBrokerServer,
} from '../../platform/datastore';
import type { Environment } from '../../platform/environment';
import type { Platform, Service } from '../../platform/platform';
import { formatProblem } from '../../platform/problem';
import type { Shell } from '../shell';

/** Images of datastores and the broker in compose files that cannot use the data of the version that is running. */
export async function readImageChanges(
  { workspaceRoot, runner }: Shell,
  platform: Platform,
  environment: Environment,
  rendered: RenderedEntries | undefined,
): Promise<string[]> {
  if (rendered?.kind !== 'rendered') return [];
  const { services } = rendered.config;
  const containers = await readProjectContainers(
    runner,
    addressOf(environment),
    projectNameOf(platform.name, environment),
  );
  const problems = platform.services.flatMap((service) => {
    const changes = containers.flatMap(({ name, service: of, image }) => {
      const wanted = needsOf(service).includes(of) ? services[of]?.['image'] : undefined;
      return typeof wanted !== 'string' || wanted === image
        ? []
        : [{ name, service: of, image, wanted }];
    });
    return readImageChangeProblems(workspaceRoot, service, environment, changes);
  });
  return [...new Set(problems.map(formatProblem))];
}

function needsOf({ name, broker }: Service): string[] {
  return [
    ...DATASTORE_PURPOSES.map((purpose) => datastoreName(name, purpose)),
    ...(isBrokerServer(broker) ? [BROKER_NAME] : []),
  ];
}

import { docker } from '../../../docker/command';
import { readFileArguments } from '../../../docker/container';
import { onlyFileOf, tarOf } from '../../../docker/tar';
import { readFolder, readProjectContainers } from '../../../effects/containers';
import { readSecretValues } from '../../../effects/secret-values';
import { Secret } from '../../../platform/secret';
import { attempt } from '../../deploy-failures';
import type { Run } from '../run';
import {
  newSecretsKey,
  parseSecretsKey,
  secretNames,
  SECRETS_FOLDER,
  SECRETS_KEY_FILE,
  secretFiles,
  secretsLabel,
  secretsPart,
} from '../../../deployment/secrets';
import { type Container, isServing } from '../../../deployment/container';
import { DEPLOY_LABELS } from '../../../deployment/labels';
import type { ComposeSlice } from '../../../deployment/slice';

/** Reads the secrets of all services of the run. A service with a missing secret becomes a failure. */
export async function readSecrets(run: Run): Promise<void> {
  const { tasks, environment, runner, address, name } = run;
  const having = tasks.filter(
    ({ service }) => Object.keys(environment.services[service.name]?.secrets ?? {}).length > 0,
  );
  if (having.length === 0) return;
  const containers = await readProjectContainers(runner, address, name);
  await Promise.all(
    having.map(({ service }) =>
      attempt(run, service.name, async () => {
        const { signal } = run.interruption;
        const values = await readSecretValues(environment, service.name, { ...run, signal });
        const own = containers.filter((container) => container.service === service.name);
        const key = (await readKey(run, own)) ?? newSecretsKey();
        run.secrets.set(service.name, { values, key });
      }),
    ),
  );
}

/** The key that the labels of the running containers were made with. */
async function readKey(
  { runner, address }: Run,
  containers: readonly Container[],
): Promise<Secret | undefined> {
  const having = containers
    .filter(({ labels }) => secretsPart(labels[DEPLOY_LABELS.entry] ?? '') !== '')
    .sort((a, b) => Number(isServing(b)) - Number(isServing(a)));
  for (const { id } of having) {
    // A container that was created and never filled has no key.
    const { stdout } = await runner.run(docker(readFileArguments(id, SECRETS_KEY_FILE), address));
    const key = parseSecretsKey(onlyFileOf(stdout));
    if (key) return key;
  }
  return undefined;
}

/**
 * The secrets of new containers of a service, with today's values, in a rollback too.
 *
 * @param entry the entry that the containers are made from: that of the service, or of one of its jobs.
 */
export function secretsOf(
  { secrets, environment }: Run,
  service: string,
  { services }: ComposeSlice,
  entry: string = service,
): Secret | undefined {
  const files = secretFiles(
    services[entry] ?? {},
    secrets.get(service),
    (names) =>
      `this release of ${service} needs ${names}, which ${environment.file} does not name under services.${service}.secrets`,
  );
  if (files.length === 0) return undefined;
  return new Secret(tarOf(files.map((file) => ({ ...file, content: file.content.reveal() }))));
}

/** The part of the label of what {@link secretsOf} gives. */
export function secretsLabelOf(
  { secrets }: Run,
  service: string,
  { services }: ComposeSlice,
): string {
  const names = secretNames(services[service] ?? {});
  const own = secrets.get(service);
  return own && names.length > 0 ? secretsLabel(own, names) : '';
}

/** The secrets of the running containers, for the containers that `--atomic` restores. */
export interface GivenSecrets {
  archive: Secret;
  label: string;
}

/** Reads the secrets of a container, as they were; `undefined` if it has none. */
export async function readGiven(
  { runner, address }: Pick<Run, 'runner' | 'address'>,
  { id, name, labels }: Container,
): Promise<GivenSecrets | undefined> {
  const label = secretsPart(labels[DEPLOY_LABELS.entry] ?? '');
  if (label === '') return undefined;
  const what = `Could not read the secrets of ${name}`;
  return { archive: await readFolder(runner, address, id, SECRETS_FOLDER, what), label };
}

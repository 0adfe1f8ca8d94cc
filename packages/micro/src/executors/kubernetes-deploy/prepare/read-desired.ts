import type { ComposeConfig } from '../../../deployment/entry';
import { imageOfPush } from '../../../deployment/desired-state';
import { readDeployed } from '../../read-push';
import { renderForCluster } from '../../../effects/cluster-rendering';
import { readEntrySecret } from '../../../effects/cluster-secrets';
import type { ClusterState } from '../../../effects/cluster-state';
import { usesBroker } from '../../../kubernetes/broker-entry';
import {
  desiredParts,
  desiredRelease,
  desiredService,
  type DesiredEntry,
  type DesiredService,
} from '../../../kubernetes/desired-service';
import type { KubernetesObject } from '../../../kubernetes/object';
import type { ClusterRelease } from '../../../kubernetes/release-book';
import type { RenderedEntry, RenderedImage } from '../../../kubernetes/render';
import { runningBrokerSecret } from '../../../kubernetes/running-secret';
import { secretNameOf } from '../../../kubernetes/secret-name';
import type { Secret } from '../../../platform/secret';
import { UserError } from '../../../platform/user-error';
import { attempt, attemptForAll } from '../../deploy-failures';
import { keepSigned } from '../../signed-images';
import type { Run } from '../run';
import { wantedRelease } from './wanted-release';

/** What is to run, for each service that can be deployed. */
export interface Desired {
  services: ReadonlyMap<string, DesiredService>;
  /** What belongs to no single service; none for a rollback. */
  shared: readonly KubernetesObject[];
  /** What observes the platform; nothing for a canary or a rollback. */
  parts: readonly DesiredEntry[];
}

/** @param key of the names of Secrets. */
export async function readDesired(run: Run, state: ClusterState, key: Secret): Promise<Desired> {
  const { kind } = run.mode.destination;
  const unpushed = new Set<string>();
  const desired = await (kind === 'push' || kind === 'canary'
    ? readPushed(run, state, key, unpushed)
    : readReleases(run, state, key));
  return { ...desired, services: await keepSigned(run, desired.services, unpushed) };
}

/** @param unpushed gets the names of services whose images are not pushed. */
async function readPushed(
  run: Run,
  state: ClusterState,
  key: Secret,
  unpushed: Set<string>,
): Promise<Desired> {
  const { tasks, environment, platform } = run;
  const images = new Map<string, RenderedImage>();
  for (const task of tasks) {
    const { name } = task.service;
    const push = await attempt(run, name, () => readDeployed(task, environment, run.mode));
    if (push) images.set(name, imageOfPush(push));
    if (push?.kind === 'unpushed') unpushed.add(name);
  }
  const running = runningBrokerSecret(state.live);
  if (images.size === 0) return { services: new Map(), shared: [], parts: [] };
  const rendered = await renderForCluster(run, platform, environment, images);
  const names = await nameSecrets(run, rendered.entries, rendered.filled, key);
  const services = new Map<string, DesiredService>();
  for (const [service, image] of images) {
    if (run.failures.has(service)) continue;
    services.set(service, desiredService(rendered, service, image, names, running));
  }
  const parts = run.mode.destination.kind === 'push' ? desiredParts(rendered, names) : [];
  return { services, shared: rendered.shared, parts };
}

async function readReleases(run: Run, { books }: ClusterState, key: Secret): Promise<Desired> {
  const { tasks, mode, environment, platform } = run;
  const found = new Map<string, ClusterRelease>();
  for (const { service } of tasks) {
    await attempt(run, service.name, () => {
      const book = books.get(service.name);
      const wanted = wantedRelease(mode.destination, book, service.name, environment.name);
      if (typeof wanted === 'string') throw new UserError(wanted);
      found.set(service.name, wanted);
      return Promise.resolve();
    });
  }
  const entries = [...found].map(([name, { objects, secret }]) => ({
    ...{ name, kind: 'service' as const, service: name, objects, secret },
  }));
  const images = new Map([...found].map(([name, { key, image }]) => [name, { key, image }]));
  const filled = async () => {
    const rendered = await renderForCluster(run, platform, environment, images);
    return rendered.filled();
  };
  const names = await nameSecrets(run, entries, filled, key);
  const services = new Map<string, DesiredService>();
  for (const [service, release] of found) {
    if (run.failures.has(service)) continue;
    services.set(service, desiredRelease(service, release, names.get(service)));
  }
  return { services, shared: [], parts: [] };
}

/** The name of each Secret, by its entry. A value that cannot be read is a failure of its service. */
async function nameSecrets(
  run: Run,
  entries: readonly RenderedEntry[],
  readFilled: () => Promise<ComposeConfig>,
  key: Secret,
): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  let asked: Promise<ComposeConfig> | undefined;
  const filled = () => (asked ??= readFilled());
  const context = { ...run, signal: run.interruption.signal };
  for (const entry of entries) {
    const failures = entry.kind === 'observability' ? run.partFailures : run.failures;
    if (failures.has(entry.service)) continue;
    const ofAll = entry.kind === 'broker' ? usersOfBroker(run) : [entry.service];
    await attemptForAll({ failures }, ofAll, async () => {
      const values = await readEntrySecret(context, run.environment, entry, filled);
      const { variables, files } = entry.secret;
      const missing = [...variables, ...files].filter((one) => !values.has(one));
      if (missing.length > 0) {
        throw new UserError(
          `this release of ${entry.service} needs ${missing.join(', ')}, which ${run.environment.file} does not name under services.${entry.service}.secrets`,
        );
      }
      if (values.size === 0) return;
      const name = secretNameOf(entry.name, values, key);
      names.set(entry.name, name);
      run.secrets.set(name, values);
    });
  }
  return names;
}

function usersOfBroker({ tasks, environment }: Run): string[] {
  return tasks
    .map(({ service }) => service)
    .filter((service) => usesBroker(environment, service))
    .map(({ name }) => name);
}

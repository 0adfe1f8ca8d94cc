import { join } from 'node:path';
import type { Container } from '../../../deployment/container';
import {
  type EdgeState,
  type WantedEdge,
  asServed,
  planEdge,
  portHolders,
} from '../../../deployment/edge-plan';
import { DEPLOY_LABELS } from '../../../deployment/labels';
import { createArguments } from '../../../docker/compose';
import { removeArguments, startArguments, stopArguments } from '../../../docker/container';
import { readProjectContainers } from '../../../effects/containers';
import { readEngineKind, runDocker } from '../../../effects/engine';
import { writeWhole } from '../../../effects/files';
import { CONFIG_FOLDER, STORAGE_FOLDER } from '../../../edge/caddy-config';
import { edgeSliceOn, EDGE_USER } from '../../../edge/edge-entry';
import { EDGE_SERVICE } from '../../../platform/edge-options';
import { namesSameImage } from '../../../platform/image-reference';
import { formatSeconds, formatStep } from '../../../terminal/step';
import { waitUntilHealthy } from '../roll/health';
import { againIfPruned, makeOf, Pruned } from '../roll/retry-if-pruned';
import { idsOf } from '../roll/roll-state';
import type { Run } from '../run';
import { readShares } from '../../../effects/canary-shares';
import { readEdge, readFingerprint } from '../../../effects/edge-state';
import { putFiles, reloadEdge, rememberEdge, validateEdge } from './edge-config';
import { requireEdgeImage, type RunEdge } from './run-edge';

/** How the edge is brought up to date. */
export interface ApplyOptions {
  /**
   * For `--atomic`: receives a function that restores the configuration from before a reload. If it is given, the edge
   * is only reloaded, never replaced: a new container could not be undone.
   */
  onReload?: ((undo: () => Promise<void>) => void) | undefined;
  /** Additional ports of services that are being replaced. */
  moving?: ReadonlyMap<string, readonly number[]>;
}

/**
 * Brings the edge up to date. A port that a service's own container still holds stays with that container.
 *
 * @throws {UserError} if it could not; then the edge serves as before.
 */
export function applyEdge(run: Run, edge: RunEdge, options: ApplyOptions = {}): Promise<void> {
  return againIfPruned(
    () => applyNow(run, edge, options),
    () => requireEdgeImage(run, edge),
  );
}

async function applyNow(
  run: Run,
  edge: RunEdge,
  { onReload, moving }: ApplyOptions,
): Promise<void> {
  const containers = await readProjectContainers(run.runner, run.address, run.name);
  const holders = portHolders(containers, edge.publications);
  const own = edge.publications.filter(({ service }) => !holders.includes(service));
  const shares = await readShares(run.book);
  const wanted = edge.of(asServed(own, { containers, shares, moving }));
  const state = await readEdge(run, containers);
  const plan = planEdge(state, wanted);
  if (onReload && (plan.kind === 'recreate' || plan.kind === 'remove')) return;
  const begun = run.clock.now();
  const done = (verb: string, what: string) =>
    run.tell(formatStep('edge', verb, `${what}  ${formatSeconds(run.clock.now() - begun)}`));
  const prepared = wanted && (await findPrepared(run, state.leftovers, wanted));
  await removeEdge(
    run,
    state.leftovers.filter((one) => one !== prepared),
  );
  switch (plan.kind) {
    case 'none':
    case 'keep':
      return;
    case 'reload':
      onReload?.(await rememberEdge(run, state.container!));
      await reloadEdge(run, state.container!, wanted!);
      return done('reloaded', state.container!.name);
    case 'remove':
      await removeEdge(run, [state.container!]);
      return done('removed', state.container!.name);
    case 'create':
    case 'recreate': {
      const created = prepared ?? (await create(run, state.container, wanted!));
      await replace(run, state, created);
      return done(plan.kind === 'create' ? 'started' : 'replaced', created.name);
    }
  }
}

/**
 * Creates the edge's container before the ports that it takes over are free, so that then it only has to be started.
 */
export async function prepareEdge(
  run: Run,
  wanted: WantedEdge | undefined,
): Promise<Container | undefined> {
  if (!wanted) return undefined;
  const containers = await readProjectContainers(run.runner, run.address, run.name);
  const { container, leftovers } = await readEdge(run, containers);
  await removeEdge(run, leftovers);
  return create(run, container, wanted);
}

/** Starts a prepared container with a single command, because nothing answers until it is up. */
export async function startPrepared(run: Run, { id }: Container): Promise<void> {
  const docker = (runner: Run['runner'], args: readonly string[], what: string) =>
    run.addresses(() => runDocker(runner, args, run.address, what));
  try {
    await docker(run.runner, startArguments([id]), 'Could not start the edge');
    const { healthTimeout } = run.environment;
    await waitUntilHealthy({ ...run, service: 'edge', healthTimeout }, [id]);
  } catch (error) {
    await docker(run.undo.runner, removeArguments([id]), 'Could not remove the new edge');
    throw error;
  }
}

/** A container of this very configuration that was created and not started yet. */
async function findPrepared(
  run: Run,
  leftovers: readonly Container[],
  wanted: WantedEdge,
): Promise<Container | undefined> {
  for (const one of leftovers) {
    const isRight =
      one.state === 'created' &&
      namesSameImage(one.image, wanted.image) &&
      one.labels[DEPLOY_LABELS.entry] === wanted.entryLabel &&
      (await readFingerprint(run, one.id)) === wanted.fingerprint;
    if (isRight) return one;
  }
  return undefined;
}

/** Starts a new container. The old one holds the same ports, so it is stopped right before. */
async function replace(run: Run, { container: old }: EdgeState, created: Container): Promise<void> {
  const docker = (args: readonly string[], what: string) =>
    run.addresses(() => runDocker(run.runner, args, run.address, what));
  try {
    if (old) await docker(stopArguments([old.id]), `Could not stop the edge ${old.name}`);
    await docker(startArguments([created.id]), 'Could not start the edge');
    await waitUntilHealthy(
      { ...run, service: 'edge', healthTimeout: run.environment.healthTimeout },
      [created.id],
    );
  } catch (error) {
    const undo = (args: readonly string[], what: string) =>
      run.addresses(() => runDocker(run.undo.runner, args, run.address, what));
    await undo(removeArguments([created.id]), 'Could not remove the new edge');
    if (old) await undo(startArguments([old.id]), 'Could not start the edge again');
    throw error;
  }
  if (old) await removeEdge(run, [old]);
}

async function create(
  run: Run,
  old: Container | undefined,
  wanted: WantedEdge,
): Promise<Container> {
  const file = join(run.folder, `${EDGE_SERVICE}.${wanted.fingerprint.slice(0, 12)}.json`);
  const slice = edgeSliceOn(wanted.slice, await readEngineKind(run.runner, run.address));
  await writeWhole(file, JSON.stringify(slice), 0o600);
  const project = { name: run.name, files: [file] };
  const what = 'Could not create the edge';
  const args = createArguments(project, EDGE_SERVICE, old ? 2 : 1);
  await run.alone(() =>
    run.addresses(() => makeOf('the edge', () => runDocker(run.runner, args, run.address, what))),
  );
  const all = await readProjectContainers(run.runner, run.address, run.name);
  const created = all.find(({ service, id }) => service === EDGE_SERVICE && id !== old?.id);
  if (!created) throw new Pruned(`${what}: docker compose made no container`);
  await putFiles(run, created.id, CONFIG_FOLDER, wanted.files, what);
  const [, volume = '', folder = ''] = STORAGE_FOLDER.split('/');
  const storage = { path: `${folder}/`, mode: 0o700, content: Buffer.alloc(0), owner: EDGE_USER };
  await putFiles(run, created.id, `/${volume}`, [storage], what);
  try {
    await validateEdge(run, created.id, wanted);
  } catch (error) {
    await removeEdge({ ...run, runner: run.undo.runner }, [created]);
    throw error;
  }
  return created;
}

/** Removes the edge, but keeps the volume with its certificates. */
export async function removeEdge(
  { runner, address, addresses }: Run,
  containers: readonly Container[],
): Promise<void> {
  if (containers.length === 0) return;
  const names = containers.map(({ name }) => name).join(', ');
  await addresses(() =>
    runDocker(runner, stopArguments(idsOf(containers)), address, `Could not stop ${names}`),
  );
  await addresses(() =>
    runDocker(runner, removeArguments(idsOf(containers)), address, `Could not remove ${names}`),
  );
}

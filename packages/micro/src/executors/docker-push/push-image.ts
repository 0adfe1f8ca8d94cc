import { retagArguments } from '../../docker/buildx';
import { pushArguments, pushedDigest, tagArguments } from '../../docker/image';
import { inspectImages, inspectRemoteImage, runDocker } from '../../effects/engine';
import { timestamp } from '../../effects/clock';
import { readEnvironmentAlone } from '../../effects/environments';
import { readReceipt, writeReceipt } from '../../effects/receipts';
import { readRemoteTags } from '../../effects/registry-tags';
import { readTagValues } from '../../effects/tag-values';
import { LABELS } from '../../platform/image-labels';
import {
  pushReceiptSchema,
  receiptFile,
  sbomFile,
  type BuildReceipt,
  type PushReceipt,
} from '../../image/receipt';
import { fillTag, type ImageTag } from '../../image/tags';
import { imageSource, type AnyEnvironment } from '../../platform/environment';
import { serviceRepository } from '../../platform/image-reference';
import { UserError } from '../../platform/user-error';
import { formatSeconds, formatStep } from '../../terminal/step';
import { isDryRun } from '../dry-run';
import { leaveLocalReceipt, localImage } from '../local-image';
import { readBuild } from '../read-build';
import { readSbom, requireSbom } from '../read-sbom';
import { requireRunnable } from '../require-runnable';
import type { ServiceTask } from '../service-task';
import { planPush, type TagPlan } from './plan';
import { retry } from './retry';
import { signImages, type PushedImage } from './sign-images';
import { chosenSigner } from './signer';

/** Options as Nx gives them. */
export interface DockerPushOptions {
  environment?: string;
  tags?: string[];
  retries?: number;
  signKey?: string;
  signKeyless?: boolean;
  dryRun?: boolean;
}

/**
 * Pushes the image that the build receipt names, under its key and any further tags, and leaves a
 * receipt with the digest that the registry gave.
 *
 * @param isPlanned pushes and signs nothing, because what waits for it only prints a plan. There is a receipt if the
 * registry has the image anyway.
 */
export async function pushImage(
  task: ServiceTask,
  options: DockerPushOptions,
  { isPlanned = false } = {},
): Promise<void> {
  const { workspaceRoot, service, clock, say } = task;
  const started = clock.now();
  const environment = readEnvironmentAlone(workspaceRoot, requireEnvironment(options));
  const source = imageSource(environment);
  const built = await readBuild(task);
  await requireOnEngine(task, built);
  await requireRunnable(task, built, environment);
  if (source.kind === 'local') {
    await leaveLocalReceipt(task, localImage(task, environment, built));
    say(
      formatStep(
        service.name,
        'nothing to push',
        environment.registry === undefined
          ? `${environment.file} has no registry; its engine runs the local image`
          : `${environment.file} says "images: local"`,
      ),
    );
    return;
  }
  const file = receiptFile(service.root, 'docker-push', environment.name);
  const previous = await readReceipt(workspaceRoot, file, pushReceiptSchema);
  const now = timestamp(clock);
  const repository = serviceRepository(task.platformName, service.name, source.registry);
  const tags = await resolveTags(task, built, options.tags ?? []);
  const retries = options.retries ?? 3;
  const remote = await retry(task, retries, () => readRemoteTags(task.runner, repository, tags));
  const wanted = planPush(built.key, tags, remote);
  refuseMoves(repository, wanted);
  const isDry = isDryRun(options.dryRun);
  const missing = wanted.flatMap((plan) => (plan.kind === 'push' ? [plan.tag] : []));
  if (isDry || (isPlanned && missing.length > 0)) {
    const what = missing.length === 0 ? 'nothing' : `${repository}:${missing.join(', ')}`;
    say(formatStep(service.name, 'would push', `${what} (${isDry ? 'dry run' : '--plan'})`));
  }
  // The key's tag is first: without it, there is no digest to note.
  if (isDry || (isPlanned && wanted[0]!.kind === 'push')) return;
  const signer = isPlanned ? undefined : chosenSigner(task, options, environment);
  // Before the push: an image that is in the registry without a signature is not signed by the next run.
  const sbom = signer ? findSbom(task, environment) : undefined;
  const plans = isPlanned ? wanted.filter(({ kind }) => kind === 'there') : wanted;
  const digests: string[] = [];
  for (const plan of plans) {
    digests.push(
      plan.kind === 'there'
        ? plan.digest
        : await pushTag(task, built, `${repository}:${plan.tag}`, retries),
    );
  }
  const digest = digests[0]!;
  if (signer) {
    await signImages(task, signer, pushedImages(repository, plans, digests), sbom);
  }
  const image = `${repository}:${plans[0]!.tag}`;
  await writeReceipt<PushReceipt>(
    workspaceRoot,
    file,
    {
      kind: 'pushed',
      service: service.name,
      key: built.key,
      environment: environment.name,
      image,
      digest,
      tags: plans.map(({ tag }) => tag),
      since: now,
    },
    previous,
  );
  const pushed = plans.filter(({ kind }) => kind === 'push').map(({ tag }) => tag);
  say(
    formatStep(
      service.name,
      pushed.length === 0 ? 'up to date' : 'pushed',
      `${image}@${digest.slice(0, 19)}…  ${formatSeconds(clock.now() - started)}`,
    ),
  );
}

/** Each digest once; it is ours if any of its tags was pushed now. */
function pushedImages(
  repository: string,
  plans: readonly TagPlan[],
  digests: readonly string[],
): PushedImage[] {
  return [...new Set(digests)].map((digest) => ({
    reference: `${repository}@${digest}`,
    isOurs: plans.some(({ kind }, index) => kind === 'push' && digests[index] === digest),
  }));
}

/**
 * The SBOM to attach, relative to the workspace root.
 *
 * @throws {UserError} if there is none, and the environment would refuse an image without it.
 */
function findSbom(task: ServiceTask, environment: AnyEnvironment): string | undefined {
  const { service, say } = task;
  const sbom = sbomFile(service.root);
  if (environment.verify?.sbom === true) requireSbom(task);
  else if (readSbom(task) === undefined) {
    say(formatStep(service.name, 'no SBOM', `${sbom} is not there, so none is attached`));
    return undefined;
  }
  return sbom;
}

export function requireEnvironment({ environment }: { environment?: string }): string {
  if (environment === undefined) {
    throw new UserError(
      'no environment given: choose one with "-c <name>" (a file in environments/) or "--environment=<name>"',
    );
  }
  return environment;
}

async function requireOnEngine(
  { runner, service }: ServiceTask,
  built: BuildReceipt,
): Promise<void> {
  if (built.imageId === '') return;
  const image = (await inspectImages(runner, [built.image])).get(built.image);
  if (!image || image.labels[LABELS.key] !== built.key) {
    throw new UserError(
      `${built.image} is not on the engine any more: run nx docker-build ${service.name}`,
    );
  }
}

/** The key's tag is first: deploys use it. */
async function resolveTags(
  task: ServiceTask,
  { key }: BuildReceipt,
  templates: readonly string[],
): Promise<ImageTag[]> {
  const values = templates.length > 0 ? await readTagValues(task, task.service.root) : {};
  return ['{key}', ...templates].map((template) => fillTag(template, { ...values, key }));
}

function refuseMoves(repository: string, plans: readonly TagPlan[]): void {
  const refused = plans.filter((plan) => plan.kind === 'refuse');
  if (refused.length === 0) return;
  throw new UserError(
    refused
      .map(
        ({ tag, reason, digest }) =>
          `${repository}:${tag} is not moved: ${reason} (${digest}). Raise the version, or delete the tag in the registry`,
      )
      .join('\n'),
  );
}

/** Pushes one tag and answers with the digest that the registry gave. */
async function pushTag(
  task: ServiceTask,
  built: BuildReceipt,
  reference: string,
  retries: number,
): Promise<string> {
  const { runner } = task;
  const what = `Could not push ${reference}`;
  // An image that no engine holds, as one for several platforms, is copied within the registry.
  const isLocal = built.imageId !== '';
  if (isLocal) {
    await runDocker(runner, tagArguments(built.image, reference), {}, `Could not tag ${reference}`);
  }
  return retry(task, retries, async () => {
    const args = isLocal ? pushArguments(reference) : retagArguments(built.image, reference);
    const { stdout } = await runDocker(runner, args, {}, what);
    const digest = pushedDigest(stdout) ?? (await inspectRemoteImage(runner, reference))?.digest;
    if (!digest) throw new UserError(`${reference} was pushed, but the registry does not have it`);
    return digest;
  });
}

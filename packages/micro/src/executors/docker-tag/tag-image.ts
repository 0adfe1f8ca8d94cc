import { timestamp } from '../../effects/clock';
import { readEnvironmentAlone } from '../../effects/environments';
import { readGitVersions } from '../../effects/git-tags';
import { readReceipt, writeReceipt } from '../../effects/receipts';
import { readRemoteTags, tagInRegistry } from '../../effects/registry-tags';
import { fillTag, type ImageTag } from '../../image/tags';
import { receiptFile, tagReceiptSchema, type TagReceipt } from '../../image/receipt';
import { imageSource, type AnyEnvironment } from '../../platform/environment';
import { serviceRepository } from '../../platform/image-reference';
import { UserError } from '../../platform/user-error';
import { formatSeconds, formatStep } from '../../terminal/step';
import { versionOfGitTag } from '../../versioning/git-tag-pattern';
import { releasedVersion, type TaggedVersion } from '../../versioning/released-version';
import { parseVersion, type Version } from '../../versioning/version';
import { VERSION_TAGS, versionTags } from '../../versioning/version-tags';
import { isDryRun } from '../dry-run';
import { readBuild } from '../read-build';
import { readPush } from '../read-push';
import type { ServiceTask } from '../service-task';
import { pushImage } from '../docker-push/push-image';
import { planTags } from './plan';
import type { VersionSource } from './version-source';

/** Options as Nx gives them. */
export interface DockerTagOptions {
  environment?: string;
  version?: string;
  tags?: string[];
  dryRun?: boolean;
  firstRelease?: boolean;
  /** By project; `newVersion` is null for one that is not released in this run. */
  nxReleaseVersionData?: Record<string, { newVersion: string | null }>;
}

/** Tags the image that docker-push brought into the registry with its version. */
export async function tagImage(
  task: ServiceTask,
  options: DockerTagOptions,
  { gitTag, push: pushOptions }: VersionSource,
): Promise<void> {
  const { workspaceRoot, platformName, service, runner, clock, say } = task;
  const started = clock.now();
  if (options.environment === undefined) {
    throw new UserError(
      `no environment given: choose one (a file in environments/) with "nx release publish --environment=<name>", or for good with "nx g @org/micro:nx-release --environment=<name>"`,
    );
  }
  const environment = readEnvironmentAlone(workspaceRoot, options.environment);
  const { versions, head, isShallow } = await readGitVersions(runner, (tag) =>
    versionOfGitTag(gitTag, tag),
  );
  const chosen = chooseVersion(service.name, options, versions, head);
  if (chosen.kind === 'none') {
    if (isShallow && options.nxReleaseVersionData === undefined) {
      throw new UserError(
        `git has no tag ${gitTag.before}<version>${gitTag.after}, but this is a shallow clone: fetch the history and the tags ("git fetch --unshallow --tags"; fetch-depth: 0 of actions/checkout, GIT_DEPTH: 0 on GitLab)`,
      );
    }
    say(formatStep(service.name, 'no new version', chosen.reason));
    return;
  }
  const source = imageSource(environment);
  if (source.kind === 'local') {
    say(formatStep(service.name, 'nothing to tag', `${environment.file} has no registry`));
    return;
  }
  const repository = serviceRepository(platformName, service.name, source.registry);
  const { key } = await readBuild(task);
  const { tags, kept } = versionTags(
    options.tags ?? VERSION_TAGS,
    chosen.version,
    versions,
    (template, { text }) => fillTag(template, { key, version: text }),
  );
  if (chosen.kind === 'earlier') {
    await requireThere(task, repository, chosen.version, tags);
    const is = `${repository}:${chosen.version.text} is there; what changed since then is not released`;
    say(formatStep(service.name, 'no new version', is));
    return;
  }
  const dryRun = isDryRun(options.dryRun);
  await pushImage(task, { ...pushOptions, environment: environment.name, dryRun });
  const digest = dryRun ? '' : await readDigest(task, environment);
  const plan = planTags({ key, digest }, tags, await readRemoteTags(task.runner, repository, tags));
  if (plan.refused.length > 0) {
    throw new UserError(
      plan.refused
        .map(
          ({ tag, digest: theirs }) =>
            `${repository}:${tag} is not moved: it names other content (${theirs}). Release a new version, or delete the tag in the registry`,
        )
        .join('\n'),
    );
  }
  for (const { tag, by } of kept) {
    say(`${service.name}  ${tag} ${by === undefined ? 'is for no prerelease' : `stays on ${by}`}`);
  }
  if (dryRun) {
    say(formatStep(service.name, 'would tag', `${plan.add.join(', ') || 'nothing'} (dry run)`));
    return;
  }
  // The version is last: once it is there, all of it is.
  for (const tag of [...plan.add].reverse()) {
    await tagInRegistry(runner, repository, digest, tag);
  }
  const file = receiptFile(service.root, 'docker-tag', environment.name);
  await writeReceipt<TagReceipt>(
    workspaceRoot,
    file,
    {
      kind: 'docker-tag',
      service: service.name,
      key,
      environment: environment.name,
      version: chosen.version.text,
      image: `${repository}:${chosen.version.text}`,
      digest,
      tags: tags.map(({ tag }) => tag),
      since: timestamp(clock),
    },
    await readReceipt(workspaceRoot, file, tagReceiptSchema),
  );
  say(
    formatStep(
      service.name,
      plan.add.length === 0 ? 'up to date' : 'tagged',
      `${repository}:${tags.map(({ tag }) => tag).join(', ')} is ${digest.slice(0, 19)}…  ${formatSeconds(clock.now() - started)}`,
    ),
  );
}

type Chosen =
  | { kind: 'none'; reason: string }
  | { kind: 'here'; version: Version }
  | { kind: 'earlier'; version: TaggedVersion };

function chooseVersion(
  name: string,
  { version, nxReleaseVersionData }: DockerTagOptions,
  versions: readonly TaggedVersion[],
  head: string | undefined,
): Chosen {
  if (nxReleaseVersionData === undefined && version === undefined) {
    const released = releasedVersion(versions, head);
    return released.kind === 'none'
      ? { kind: 'none', reason: 'it has no version yet: "nx release" gives it one' }
      : released;
  }
  const text = version ?? nxReleaseVersionData?.[name]?.newVersion;
  if (!text) return { kind: 'none', reason: 'nothing to release since its last version' };
  const parsed = parseVersion(text);
  if (parsed) return { kind: 'here', version: parsed };
  throw new UserError(`"${text}" is not a version: expected one such as 1.4.0`);
}

async function readDigest(task: ServiceTask, environment: AnyEnvironment): Promise<string> {
  const push = await readPush(task, environment);
  if (push.kind === 'pushed') return push.digest;
  throw new UserError(`${environment.file} pushes no images`);
}

/**
 * @throws {UserError} if a version that other commits followed was never tagged: what is built here may be other
 *   content.
 */
async function requireThere(
  task: ServiceTask,
  repository: string,
  { text, tag: gitTag }: TaggedVersion,
  tags: readonly ImageTag[],
): Promise<void> {
  const own = tags.filter(({ immutable }) => immutable);
  const remote = await readRemoteTags(task.runner, repository, own);
  const missing = own.filter(({ tag }) => !remote.has(tag)).map(({ tag }) => tag);
  if (missing.length === 0) return;
  throw new UserError(
    `${repository} has no ${missing.join(', ')}, and what is checked out is later than version ${text}: check "${gitTag}" out and run this again, or release a new version`,
  );
}

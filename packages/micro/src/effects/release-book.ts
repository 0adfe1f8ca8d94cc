import type { EngineAddress } from '../docker/command';
import {
  discardArguments,
  inspectArguments,
  noteArguments,
  tableArguments,
} from '../docker/container';
import {
  createVolumeArguments,
  listVolumesArguments,
  removeVolumesArguments,
  volumeLabelsArguments,
} from '../docker/volume';
import { NOTE_LABELS } from '../deployment/labels';
import { markName, releaseName, type NewRelease, type Release } from '../deployment/release';
import {
  CONTAINER_COLUMNS,
  markLabels,
  parseHeldByContainers,
  parseReleases,
  parseSlice,
  RELEASE_COLUMNS,
  releaseLabels,
} from '../deployment/release-labels';
import type { ComposeSlice } from '../deployment/slice';
import { runDocker } from './engine';
import { docker } from '../docker/command';
import { withTemporaryFolder, writeWhole } from './files';
import type { Runner } from './process';
import { join } from 'node:path';

/**
 * Where the releases of a Compose project are recorded: in the labels of named volumes. Unlike stopped containers and
 * unused images, `docker system prune` does not remove those.
 */
export interface ReleaseBook {
  runner: Runner;
  address: EngineAddress;
  project: string;
}

/** The recorded releases of a project. */
export interface NotedReleases {
  /** By service, the newest first. */
  releases: Map<string, Release[]>;
  /** Releases that an earlier version recorded in the labels of containers, together with passwords. */
  earlier: readonly Release[];
}

export async function readReleases({
  runner,
  address,
  project,
}: ReleaseBook): Promise<NotedReleases> {
  const what = `Could not read the releases of ${project}`;
  const ours = `${NOTE_LABELS.project}=${project}`;
  const [volumes, containers] = await Promise.all([
    runDocker(runner, listVolumesArguments(ours, RELEASE_COLUMNS), address, what),
    runDocker(
      runner,
      tableArguments([ours, NOTE_LABELS.release], CONTAINER_COLUMNS),
      address,
      what,
    ),
  ]);
  const releases = new Map<string, Release[]>();
  const noted = parseReleases(volumes.stdout);
  const isNoted = (old: Release) =>
    noted.some(({ service, number }) => service === old.service && number === old.number);
  const earlier = parseHeldByContainers(containers.stdout);
  const all = [...noted, ...earlier.filter((old) => !isNoted(old))];
  for (const release of all.sort((a, b) => b.number - a.number)) {
    releases.set(release.service, [...(releases.get(release.service) ?? []), release]);
  }
  return { releases, earlier };
}

/**
 * The recorded configuration of a release. It has references instead of secret values; records of earlier versions have
 * the values.
 */
export async function readSlice(
  { runner, address }: ReleaseBook,
  { id, heldBy, service, number }: Release,
): Promise<ComposeSlice> {
  const what = `Could not read r${number} of ${service}`;
  if (heldBy === 'volume') {
    const { stdout } = await runDocker(runner, volumeLabelsArguments(id), address, what);
    return parseSlice(JSON.parse(stdout) as Record<string, string>);
  }
  const { stdout } = await runDocker(runner, inspectArguments([id]), address, what);
  const [container] = JSON.parse(stdout) as [{ Config: { Labels: Record<string, string> } }];
  return JSON.parse(container.Config.Labels[NOTE_LABELS.compose]!) as ComposeSlice;
}

/** Records a release as open before it is rolled out. */
export async function openRelease(book: ReleaseBook, release: NewRelease): Promise<Release> {
  const { project: _project, slice: _slice, ...opened } = release;
  const { service, number } = opened;
  const id = releaseName(book.project, release);
  // The mark comes first: a release without a mark counts as one that serves.
  await mark(book, opened, false);
  const what = `Could not note r${number} of ${service}`;
  const args = createVolumeArguments({ name: id, labels: releaseLabels(release) });
  await runDocker(book.runner, args, book.address, what);
  await holdImage(book, id, release);
  return { ...opened, id, heldBy: 'volume', open: true, again: false };
}

/** Protects the image from `docker image prune`. If that fails, a rollback has to pull it again. */
async function holdImage(
  { runner, address, project }: ReleaseBook,
  name: string,
  { image }: NewRelease,
): Promise<void> {
  await withTemporaryFolder(async (folder) => {
    const labelFile = join(folder, 'labels');
    const text = `${NOTE_LABELS.project}=${project}\n${NOTE_LABELS.holds}=${name}\n`;
    await writeWhole(labelFile, text, 0o600);
    await runner.run(docker(noteArguments({ name, image, labelFile }), address));
  });
}

async function mark(
  { runner, address, project }: ReleaseBook,
  release: Pick<Release, 'service' | 'number'>,
  again: boolean,
): Promise<void> {
  const what = `Could not note that r${release.number} of ${release.service} is rolled out`;
  const labels = markLabels(project, release, again);
  const args = createVolumeArguments({ name: markName(project, release, again), labels });
  await runDocker(runner, args, address, what);
}

/** Marks a recorded release as open again. */
export async function reopenRelease(book: ReleaseBook, release: Release): Promise<Release> {
  const { runner, address, project } = book;
  if (!release.again) await mark(book, release, true);
  if (release.open && !release.again) {
    const what = `Could not note that r${release.number} of ${release.service} is rolled out again`;
    const first = markName(project, release, false);
    await runDocker(runner, removeVolumesArguments([first]), address, what);
  }
  return { ...release, open: true, again: true };
}

/** Marks an open release as complete: it serves, and the containers that it replaced are removed. */
export async function closeRelease(book: ReleaseBook, release: Release): Promise<Release> {
  const { runner, address, project } = book;
  if (release.open) {
    const what = `Could not note that r${release.number} of ${release.service} serves`;
    const name = markName(project, release, release.again);
    await runDocker(runner, removeVolumesArguments([name]), address, what);
  }
  return { ...release, open: false, again: false };
}

/** Removes records of releases. Containers stay. */
export async function forgetReleases(
  { runner, address, project }: ReleaseBook,
  releases: readonly Release[],
): Promise<void> {
  const what = 'Could not forget old releases';
  const inVolumes = releases.filter(({ heldBy }) => heldBy === 'volume');
  if (inVolumes.length > 0) {
    const names = inVolumes.map(({ id }) => id);
    // Someone may have pruned the container that protects the image.
    await runner.run(docker(discardArguments(names), address));
    // The mark goes last: a release without a mark counts as one that serves.
    const marks = inVolumes
      .filter(({ open }) => open)
      .map((one) => markName(project, one, one.again));
    await runDocker(runner, removeVolumesArguments([...names, ...marks]), address, what);
  }
  const inContainers = releases.filter(({ heldBy }) => heldBy === 'container');
  if (inContainers.length > 0) {
    const ids = inContainers.map(({ id }) => id);
    await runDocker(runner, discardArguments(ids), address, what);
  }
}

/**
 * Moves a release that an earlier version recorded into a volume.
 *
 * @param slice its configuration, with references instead of secret values.
 */
export async function moveRelease(
  book: ReleaseBook,
  release: Release,
  slice: ComposeSlice,
  template: string,
): Promise<void> {
  const { runner, address, project } = book;
  const moved = { ...release, project, slice, template };
  if (release.open) await mark(book, release, release.again);
  const what = `Could not move the note of r${release.number} of ${release.service}`;
  const volume = { name: releaseName(project, release), labels: releaseLabels(moved) };
  await runDocker(runner, createVolumeArguments(volume), address, what);
  await runDocker(runner, discardArguments([release.id]), address, what);
  await holdImage(book, volume.name, moved);
}

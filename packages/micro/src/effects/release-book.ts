import { join } from 'node:path';
import type { EngineAddress } from '../docker/command';
import {
  discardArguments,
  inspectArguments,
  noteArguments,
  renameArguments,
  tableArguments,
} from '../docker/container';
import { runDocker } from './engine';
import { withTemporaryFolder, writeWhole } from './files';
import type { Runner } from './process';
import {
  parseReleases,
  RELEASE_COLUMNS,
  releaseLabels,
  releaseName,
  type NewRelease,
  type Release,
} from '../deployment/release';
import type { ComposeSlice } from '../deployment/slice';
import { NOTE_LABELS } from '../deployment/labels';

/** The engine that remembers the releases of a Compose project. */
export interface ReleaseBook {
  runner: Runner;
  address: EngineAddress;
  project: string;
}

/** All releases of the project, by service, the newest first. */
export async function readReleases({
  runner,
  address,
  project,
}: ReleaseBook): Promise<Map<string, Release[]>> {
  const { stdout } = await runDocker(
    runner,
    tableArguments([`${NOTE_LABELS.project}=${project}`, NOTE_LABELS.release], RELEASE_COLUMNS),
    address,
    `Could not read the releases of ${project}`,
  );
  const byService = new Map<string, Release[]>();
  for (const release of parseReleases(stdout)) {
    byService.set(release.service, [...(byService.get(release.service) ?? []), release]);
  }
  return byService;
}

/** What a release runs, as it was rendered when it was deployed. */
export async function readSlice(
  { runner, address }: ReleaseBook,
  { id, service, number }: Release,
): Promise<ComposeSlice> {
  const what = `Could not read r${number} of ${service}`;
  const { stdout } = await runDocker(runner, inspectArguments([id]), address, what);
  const [container] = JSON.parse(stdout) as [{ Config: { Labels: Record<string, string> } }];
  return JSON.parse(container.Config.Labels[NOTE_LABELS.compose]!) as ComposeSlice;
}

/** Remembers a release before it is rolled out, as an open one. */
export async function openRelease(
  { runner, address, project }: ReleaseBook,
  release: NewRelease,
): Promise<Release> {
  return withTemporaryFolder(async (folder) => {
    const labelFile = join(folder, 'labels');
    await writeWhole(labelFile, releaseLabels(release), 0o600);
    const { service, number, key, entryLabel, image, replicas } = release;
    const opened = { service, number, key, entryLabel, image, replicas, open: true, again: false };
    const name = releaseName(project, opened);
    const { stdout } = await runDocker(
      runner,
      noteArguments({ name, image, labelFile }),
      address,
      `Could not note r${number} of ${service}`,
    );
    return { ...opened, id: stdout.trim(), since: '' };
  });
}

/** Says of a release that is known that it is rolled out once more. */
export function reopenRelease(book: ReleaseBook, release: Release): Promise<Release> {
  return rename(book, release, { ...release, open: true, again: true });
}

/** Says of an open release that it serves and that what it replaced is gone. */
export function closeRelease(book: ReleaseBook, release: Release): Promise<Release> {
  return rename(book, release, { ...release, open: false, again: false });
}

async function rename(
  { runner, address, project }: ReleaseBook,
  before: Release,
  after: Release,
): Promise<Release> {
  const name = releaseName(project, after);
  if (name === releaseName(project, before)) return after;
  await runDocker(
    runner,
    renameArguments(before.id, name),
    address,
    `Could not note what becomes of r${before.number} of ${before.service}`,
  );
  return after;
}

/** Forgets releases; what they ran is not touched. */
export async function forgetReleases(
  { runner, address }: ReleaseBook,
  releases: readonly Release[],
): Promise<void> {
  if (releases.length === 0) return;
  const ids = releases.map(({ id }) => id);
  await runDocker(runner, discardArguments(ids), address, 'Could not forget old releases');
}

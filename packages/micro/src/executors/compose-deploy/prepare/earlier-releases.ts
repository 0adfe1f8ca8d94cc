import type { ComposeConfig } from '../../../deployment/entry';
import { entryLabel } from '../../../deployment/fingerprint';
import type { Release } from '../../../deployment/release';
import type { ComposeSlice } from '../../../deployment/slice';
import { templateOf } from '../../../deployment/slice-template';
import { moveRelease, readSlice } from '../../../effects/release-book';
import { fillIn } from '../../../effects/rendered-project';
import type { Run } from '../run';

/** The slice of a release, with today's values filled in. */
export async function readFilled(run: Run, release: Release): Promise<ComposeSlice> {
  const slice = await readSlice(run.book, release);
  return release.heldBy === 'volume' ? fillIn(run, slice, release.service) : slice;
}

/**
 * Earlier versions recorded releases in labels of containers. This moves those records into volumes, with references
 * instead of passwords. Records of services that left the workspace are not moved, because it is unknown which of their
 * values are passwords.
 */
export async function moveEarlierNotes(
  run: Run,
  earlier: readonly Release[],
  written: ComposeConfig,
): Promise<void> {
  for (const release of earlier) {
    const { service } = release;
    if (!(service in written.services)) continue;
    const slice = await readSlice(run.book, release);
    const noted = templateOf(slice, service, written, run.workspaceRoot);
    await moveRelease(run.book, release, noted, entryLabel(noted.services[service] ?? {}));
  }
}

import type { ComposeConfig } from '../../../deployment/entry';
import { entryLabel } from '../../../deployment/fingerprint';
import type { Release } from '../../../deployment/release';
import type { ComposeSlice } from '../../../deployment/slice';
import { templateOf } from '../../../deployment/slice-template';
import { moveRelease, readSlice } from '../../../effects/release-book';
import { fillIn } from '../../../effects/rendered-project';
import type { Run } from '../run';

/** What a release runs, with the values of today. */
export async function readFilled(run: Run, release: Release): Promise<ComposeSlice> {
  const slice = await readSlice(run.book, release);
  return release.heldBy === 'volume' ? fillIn(run, slice, release.service) : slice;
}

/**
 * Moves what an earlier version noted in labels of containers into volumes, with references in the place of passwords.
 * What left the workspace stays where it is until it is pruned: nobody can tell any more what in it is a password.
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

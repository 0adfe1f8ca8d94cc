import { visibleIn } from '../../platform/visible';
import { formatColumns } from '../../terminal/columns';
import type { Paint } from '../shell';
import { isFolderInStep, type FolderStatus } from './folder-document';

/** The report as lines for a terminal. */
export function formatFolderStatus(status: FolderStatus, paint: Paint): string[] {
  const { platform, environment, namespace, folder, objects, left, files, notes } =
    visibleIn(status);
  const same = objects.filter(({ state }) => state === 'in-step').length;
  const rows = [
    ...objects
      .filter(({ state }) => state !== 'in-step')
      .map(({ object, state, drift }) =>
        state === 'missing'
          ? [paint('red', '✕'), object, 'not in the cluster']
          : [paint('yellow', '!'), object, `changed in the cluster: ${drift.join(', ')}`],
      ),
    ...left.map((object) => [
      paint('yellow', '!'),
      object,
      'in the cluster, but not in the folder',
    ]),
  ];
  return [
    `${paint('bold', platform)} in ${paint('bold', environment)}${paint('dim', `  namespace ${namespace}, folder ${folder}`)}`,
    '',
    `${paint('green', '✓')}  ${same} of ${objects.length} objects of the folder are in the cluster as they are written`,
    ...formatColumns(rows),
    ...(files.length > 0
      ? [
          '',
          paint('yellow', `the folder is not what the workspace declares now: ${namesOf(files)}`),
          `run "micro render -e ${environment}" with that folder as --out`,
        ]
      : []),
    ...(notes.length > 0 ? ['', ...notes.map((note) => paint('yellow', note))] : []),
    ...(isFolderInStep(status)
      ? ['', paint('green', 'cluster, folder and workspace are the same')]
      : []),
  ];
}

const WORDS = { changed: 'changed', added: 'is new', stale: 'is not rendered any more' } as const;

function namesOf(files: FolderStatus['files']): string {
  return files.map(({ path, state }) => `${path} ${WORDS[state]}`).join(', ');
}

import { compareVersions, type Version } from './version';

/** Something that versions of Compose are known to do wrong and that this platform meets. */
interface ComposeFault {
  from: Version;
  /** The last version that has it. */
  to: Version;
  level: 'fail' | 'warn';
  /** What happens, and what to do. */
  says: string;
}

const FAULTS: readonly ComposeFault[] = [
  {
    from: [0, 0, 0],
    to: [2, 20, 2],
    level: 'fail',
    says: 'it does not know "include", which compose.yaml uses: install 2.24.4 or later',
  },
  {
    // https://github.com/compose-spec/compose-spec/blob/main/13-merge.md: "!override" is of 2.24.4
    from: [2, 20, 3],
    to: [2, 24, 3],
    level: 'fail',
    says: 'it does not know "!override", with which an environment publishes a port: install 2.24.4 or later',
  },
  {
    // https://github.com/docker/compose/issues/12069
    from: [2, 26, 0],
    to: [2, 29, 2],
    level: 'warn',
    says: '"docker compose up --no-deps" recreates containers that did not change (docker/compose#12069). compose-deploy works around it; if you type it yourself, install 2.29.3 or later',
  },
  {
    // https://github.com/docker/compose/issues/11887
    from: [2, 27, 1],
    to: [2, 27, 1],
    level: 'warn',
    says: 'it ignores --env-file (docker/compose#11887): keep passwords in .env, or install another version',
  },
];

/** What is known of a version, the worst first. */
export function composeFaults(version: Version): readonly Pick<ComposeFault, 'level' | 'says'>[] {
  return FAULTS.filter(
    ({ from, to }) => compareVersions(from, version) <= 0 && compareVersions(version, to) <= 0,
  ).map(({ level, says }) => ({ level, says }));
}

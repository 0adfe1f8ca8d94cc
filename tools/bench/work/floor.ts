import { appendFile, cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mustRun } from '../../command.js';
import { CHANGED_SERVICE, SERVICE_NAMES } from '../application/services.js';
import { ROUTE_FILE } from '../application/sources.js';
import type { Site } from '../site.js';
import type { Work } from './work.js';

/** The parts of one of our runs, each measured alone. No run can be faster than its parts. */
const FLOOR = {
  group: 'floor',
  unit: 's',
  warmUps: 1,
  needsImages: true,
  contenders: ['micro'],
} as const satisfies Partial<Work>;

const seconds = async (work: () => Promise<unknown>) => {
  const started = performance.now();
  await work();
  return { value: (performance.now() - started) / 1000 };
};

/** BuildKit alone, with our artifact, and with one more line in its bundle if `change` is set. */
async function buildAlone({ workspace, nonce }: Site, change: boolean) {
  const folder = await mkdtemp(join(tmpdir(), 'micro-bench-floor-'));
  const root = `apps/${CHANGED_SERVICE}`;
  try {
    const artifact = join(folder, 'artifact');
    const content = join(artifact, nonce());
    await cp(join(workspace.root, 'dist', root), content, {
      recursive: true,
      preserveTimestamps: true,
    });
    if (change) await appendFile(join(content, 'app/main.js'), `\n// ${nonce()}\n`);
    return await seconds(() =>
      mustRun(
        'docker',
        [
          ...['buildx', 'build', '--builder', 'default', '--load', '--quiet'],
          ...['--file', `${root}/Dockerfile`, '--build-context', `artifact=${artifact}`],
          ...['--tag', `${workspace.name}/alone:floor`, '.'],
        ],
        { cwd: workspace.root },
      ),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export const floor: readonly Work[] = [
  {
    ...FLOOR,
    id: 'node',
    title: 'start of Node',
    measure: () => seconds(() => mustRun(process.execPath, ['--eval', '0'])),
  },
  {
    ...FLOOR,
    id: 'engine',
    title: 'one question to the engine (`docker image inspect` of 8)',
    measure: ({ image }) =>
      seconds(() => mustRun('docker', ['image', 'inspect', ...SERVICE_NAMES.map(image)])),
  },
  {
    ...FLOOR,
    id: 'bundle',
    title: '`nx build` of one service with one line changed',
    prepare: async ({ workspace, nonce }) => {
      const file = ROUTE_FILE(CHANGED_SERVICE);
      const text = await workspace.read(file);
      await workspace.write(
        file,
        text.replace(/(version: ')\w+/, (_all, start: string) => start + nonce()),
      );
    },
    measure: async (site) => ({ value: await site.time(['build', CHANGED_SERVICE]) }),
  },
  {
    ...FLOOR,
    id: 'buildkit-known',
    title: 'BuildKit alone, nothing changed',
    measure: (site) => buildAlone(site, false),
  },
  {
    ...FLOOR,
    id: 'buildkit-line',
    title: 'BuildKit alone, one line of the bundle changed',
    measure: (site) => buildAlone(site, true),
  },
];

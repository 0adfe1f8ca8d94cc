import { parseArgs } from 'node:util';
import { LabError, runProgram, say } from '../program.js';
import { keepCase, problems, readFixedCases } from './cases.js';
import { CHANGE_KINDS, drawChange, type ChangeKind } from './changes.js';
import { addResult, formatFigures, NOTHING, precision, recall, type Figures } from './figures.js';
import type { PackageManager } from './files.js';
import { randomPlatform } from './platform.js';
import { seededRandom } from './random.js';
import { startSession, type Session } from './session.js';
import { ensureToolchain, type Mode, type Toolchain } from './toolchain.js';

const USAGE = `usage: npm run exactness -- [options]

  --cases=200            number of changes, spread over several platforms
  --seed=1               the same seed gives the same platforms and changes
  --changes=10           changes of one platform, one after the other
  --only=npm             npm or pnpm
  --mode=task-level      project-level (Nx 23) or task-level (Nx 24)
  --kind='service test'  only this kind of change; can be repeated
  --keep                 write changes that went wrong to tools/exactness/cases/
  --fixed                repeat the kept cases before the random ones`;

interface Setting {
  packageManager: PackageManager;
  mode: Mode;
}

const SETTINGS: readonly Setting[] = [
  { packageManager: 'npm', mode: 'project-level' },
  { packageManager: 'pnpm', mode: 'task-level' },
  { packageManager: 'npm', mode: 'task-level' },
  { packageManager: 'pnpm', mode: 'project-level' },
];

void runProgram(async () => {
  const { cases, seed, changes, settings, kinds, keep, fixed } = readOptions();
  const toolchains = new Map<Setting, Toolchain>();
  for (const setting of settings) {
    toolchains.set(setting, await ensureToolchain(setting.packageManager, setting.mode));
  }
  if (fixed) await playFixedCases(toolchains);
  const bySetting = new Map<string, Figures>();
  const byKind = new Map<string, Figures>();
  const wrong: string[] = [];
  for (let done = 0, round = 0; done < cases; round++) {
    const setting = settings[round % settings.length]!;
    const count = Math.min(changes, cases - done);
    const name = `${setting.packageManager}, ${setting.mode}`;
    const platformSeed = seed * 10_000 + round;
    say(`platform ${platformSeed}: ${name}`);
    const random = seededRandom(platformSeed);
    let platform = randomPlatform(random);
    let session: Session | undefined;
    try {
      session = await startSession(toolchains.get(setting)!, platform);
      for (let at = 0; at < count; at++) {
        const change = drawChange(platform, random, kinds);
        const result = await session.step(change.after);
        bySetting.set(name, addResult(bySetting.get(name) ?? NOTHING, result));
        byKind.set(change.kind, addResult(byKind.get(change.kind) ?? NOTHING, result));
        const is = problems(result);
        const list = (of: readonly string[]) => of.join(', ') || 'none';
        say(
          `  ${is.length > 0 ? 'MISSED' : result.wasted.length > 0 ? 'wasted' : 'exact '}  ${change.kind} (${change.of}): changed ${list(result.services.filter((service) => service.changed).map((service) => service.name))}; built ${list(result.services.filter((service) => service.built).map((service) => service.name))}`,
        );
        if (is.length > 0) {
          const title = `${change.kind} (${change.of}), seed ${platformSeed}, change ${at}`;
          const fixed = { title, ...setting, before: platform, after: change.after };
          wrong.push(`${name}: ${title}\n${is.join('\n')}\n${JSON.stringify(fixed)}`);
          if (keep)
            say(`  kept as ${await keepCase(`${change.kind} ${platformSeed} ${at}`, fixed)}`);
        }
        platform = change.after;
      }
    } finally {
      await session?.end();
    }
    done += count;
  }
  report(seed, bySetting, byKind, wrong);
});

async function playFixedCases(toolchains: ReadonlyMap<Setting, Toolchain>): Promise<void> {
  for (const [{ packageManager, mode }, toolchain] of toolchains) {
    for (const fixed of readFixedCases(packageManager, mode)) {
      const session = await startSession(toolchain, fixed.before);
      try {
        const is = problems(await session.step(fixed.after));
        say(
          [
            `${is.length > 0 ? 'MISSED' : 'exact '}  ${packageManager}, ${mode}: ${fixed.title}`,
            ...is,
          ].join('\n'),
        );
        if (is.length > 0) process.exitCode = 1;
      } finally {
        await session.end();
      }
    }
  }
}

function report(
  seed: number,
  bySetting: ReadonlyMap<string, Figures>,
  byKind: ReadonlyMap<string, Figures>,
  wrong: readonly string[],
): void {
  const sum = [...bySetting.values()].reduce<Figures>(
    (total, figures) =>
      Object.fromEntries(
        Object.entries(total).map(([key, value]) => [key, value + figures[key as keyof Figures]]),
      ) as unknown as Figures,
    NOTHING,
  );
  for (const line of wrong) console.log(`${line}\n`);
  console.log(formatFigures(new Map([...byKind].sort(([a], [b]) => (a < b ? -1 : 1)))));
  console.log(`\n${formatFigures(new Map([...bySetting, ['all', sum]]))}\n`);
  console.log(
    `recall ${recall(sum).toFixed(4)}, precision ${precision(sum).toFixed(4)}, ${sum.cases} cases, seed ${seed}; missed by a run of all services, too: ${sum.missedByKey}`,
  );
  if (wrong.length > 0) process.exitCode = 1;
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      cases: { type: 'string', default: '200' },
      seed: { type: 'string', default: '1' },
      changes: { type: 'string', default: '10' },
      only: { type: 'string' },
      mode: { type: 'string' },
      kind: { type: 'string', multiple: true, default: [] },
      keep: { type: 'boolean', default: false },
      fixed: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const settings = SETTINGS.filter(
    ({ packageManager, mode }) =>
      (values.only ?? packageManager) === packageManager && (values.mode ?? mode) === mode,
  );
  const unknown = values.kind.filter((kind) => !CHANGE_KINDS.includes(kind as ChangeKind));
  const [cases, seed, changes] = [values.cases, values.seed, values.changes].map(Number) as [
    number,
    number,
    number,
  ];
  if (
    values.help ||
    settings.length === 0 ||
    unknown.length > 0 ||
    !(cases > 0 && seed >= 0 && changes > 0)
  ) {
    throw new LabError(`${USAGE}\n\nkinds: ${CHANGE_KINDS.join(', ')}`);
  }
  const kinds = values.kind.length > 0 ? (values.kind as ChangeKind[]) : CHANGE_KINDS;
  return { cases, seed, changes, settings, kinds, keep: values.keep, fixed: values.fixed };
}

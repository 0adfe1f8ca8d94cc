import { parseArgs } from 'node:util';
import { LabError, runProgram, say } from '../../program.js';
import { managerEnvironment, MANAGERS, type Manager } from '../../testing/package-managers.js';
import { playCases, type CaseResult } from './play.js';

const USAGE = `usage: npm run exactness:installs -- [options]

  --cases=100    workspaces for each package manager
  --seed=1       the same seed gives the same packages and workspaces
  --only=yarn    one of ${Object.keys(MANAGERS).join(', ')}; can be repeated`;

void runProgram(async () => {
  const { values } = parseArgs({
    options: {
      cases: { type: 'string', default: '100' },
      seed: { type: 'string', default: '1' },
      only: { type: 'string', multiple: true, default: Object.keys(MANAGERS) },
    },
  });
  const [cases, seed] = [Number(values.cases), Number(values.seed)];
  const managers = values.only as Manager[];
  if (!(cases > 0 && seed >= 0) || managers.some((manager) => !(manager in MANAGERS))) {
    throw new LabError(USAGE);
  }
  for (const manager of managers) {
    const counts: Record<CaseResult['kind'], number> = {
      equal: 0,
      void: 0,
      refused: 0,
      differing: 0,
    };
    await playCases(manager, await managerEnvironment(manager), seed, cases, (result, at) => {
      counts[result.kind]++;
      if (result.kind === 'refused' || result.kind === 'differing') {
        process.exitCode = 1;
        say(`${manager}, seed ${seed}, case ${at}: ${result.kind}\n${result.why}`);
      }
    });
    console.log(
      `${MANAGERS[manager]}: ${cases} cases, seed ${seed}: ${counts.equal} equal, ${counts.refused} refused, ${counts.differing} differing; ${counts.void} workspaces that the tool itself refused`,
    );
  }
});

import { parseArgs } from 'node:util';
import { LabError, runProgram, say } from '../../program.js';
import { recordSupport } from '../../generated/support-page.js';
import {
  managerEnvironment,
  managerVersion,
  MANAGERS,
  type Manager,
} from '../../testing/package-managers.js';
import { playCases, type CaseResult } from './play.js';

const USAGE = `usage: npm run exactness:installs -- [options]

  --cases=100    workspaces for each package manager
  --seed=1       the same seed gives the same packages and workspaces
  --only=yarn    one of ${Object.keys(MANAGERS).join(', ')}; can be repeated
  --write        the result into docs/support.md`;

void runProgram(async () => {
  const { values } = parseArgs({
    options: {
      cases: { type: 'string', default: '100' },
      seed: { type: 'string', default: '1' },
      only: { type: 'string', multiple: true, default: Object.keys(MANAGERS) },
      write: { type: 'boolean', default: false },
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
    const result = `${counts.equal} equal, ${counts.refused} refused, ${counts.differing} differing`;
    console.log(
      `${MANAGERS[manager]}: ${cases} cases, seed ${seed}: ${result}; ${counts.void} workspaces that the tool itself refused`,
    );
    if (!values.write) continue;
    await recordSupport({
      tool: manager.split(' ')[0]!,
      version: managerVersion(manager),
      run: `frozen installs of pruned lockfiles: ${cases} random workspaces, seed ${seed}`,
      result: counts.void > 0 ? `${result}; ${counts.void} refused by the tool as a whole` : result,
    });
  }
});

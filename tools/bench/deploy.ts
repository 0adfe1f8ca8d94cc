import { parseArgs } from 'node:util';
import { LabError, runProgram, say } from '../program.js';
import { CommandFailed } from '../testing/child.js';
import { INSTALL } from './contenders/quiet-install.js';
import { freePort } from '../testing/free-port.js';
import { vendorPackages } from '../testing/packed-plugin.js';
import { removePlatform, removeProject } from '../testing/remove-platform.js';
import { generateRolledPlatform } from '../testing/rolled-platform.js';
import { createWorkspace, type Workspace } from '../testing/workspace.js';
import {
  CONTENDER_IDS,
  ENVIRONMENTS,
  openContenders,
  portsFile,
  type Contender,
  type WhatChanged,
} from './deploy/contenders.js';
import { CALLERS, measure, PER_SECOND, type Reading } from './deploy/measure.js';
import { formatDeploys, type Readings } from './deploy/report.js';
import { watchEntry } from './deploy/compose-watch.js';
import { CHANGED, takeBack, WORKS, type Work } from './deploy/works.js';
import { onInterrupt } from './interrupt.js';
import { readMachine } from './machine.js';
import { formatMachine } from './report/blocks.js';
import { saveResults } from './results.js';
import { writeDocument } from './write-document.js';

const USAGE = `usage: npm run bench:deploy [-- options]

  --rounds=3      readings per rollout
  --health=15     seconds that a container may take to become healthy: more where others use the machine
  --only=A,B      only some works: ${WORKS.map(({ id }) => id).join(', ')}
  --contenders=A,B  only some ways to roll out beside compose: ${CONTENDER_IDS.slice(1).join(', ')}
  --write         put the table into docs/benchmarks.md
`;

void runProgram(async () => {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '3' },
      health: { type: 'string', default: '15' },
      only: { type: 'string' },
      contenders: { type: 'string' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean' },
    },
  });
  const [rounds, health] = [Number(values.rounds), Number(values.health)];
  const works = WORKS.filter(({ id }) => values.only?.split(',').includes(id) ?? true);
  if (values.help || !(rounds >= 1) || !(health >= 1) || works.length === 0) {
    throw new LabError(USAGE);
  }
  const wanted = values.contenders?.split(',');
  if (wanted?.some((id) => !CONTENDER_IDS.includes(id))) throw new LabError(USAGE);
  if (values.write && (works.length < WORKS.length || wanted)) {
    throw new LabError('--write needs all works and contenders');
  }
  const interrupted = onInterrupt();
  const machine = await readMachine();
  const workspace = await createWorkspace('bench-deploy');
  const contenders = openContenders(workspace, health).filter(
    ({ id }, index) => index === 0 || (wanted?.includes(id) ?? true),
  );
  try {
    say(`setting up the same platform ${contenders.length} times ...`);
    await setUp(workspace, contenders, health);
    for (const contender of contenders) await mustRollOut(contender);
    const readings: Readings = {};
    for (let round = 0; round < rounds; round++) {
      for (const work of works.filter(({ isBad }) => round === 0 || !isBad)) {
        await measureWork(
          workspace,
          work,
          contenders,
          round,
          (readings[work.id] ??= []),
          interrupted,
        );
      }
      say(`round ${round + 1} of ${rounds}, saved to ${await saveResults('deploy', readings)}`);
    }
    const titles = contenders.map(({ title }) => title);
    const block = [
      formatMachine(machine, rounds),
      formatDeploys(works, titles, readings),
      `${PER_SECOND} requests per second by ${CALLERS} callers through the gateway of each platform, half of them POST, from a second before each rollout to two seconds after it. A container has ${health} s to become healthy. The version that is never healthy was rolled out once.`,
    ].join('\n\n');
    console.log(`\n${block}`);
    if (values.write) await writeDocument({ deploy: block }, {});
  } catch (error) {
    interrupted.throwIfAborted();
    throw error instanceof CommandFailed ? new LabError(error.message) : error;
  } finally {
    say('removing the platforms and their images ...');
    await workspace.startNx(['daemon', '--stop']).ended.catch(() => undefined);
    await removePlatform(
      workspace.name,
      contenders.map(({ project }) => project),
    );
    await workspace.remove();
  }
});

/** One workspace for all contenders, so that they roll out the same images and the same entries. */
async function setUp(
  workspace: Workspace,
  contenders: readonly Contender[],
  health: number,
): Promise<void> {
  await workspace.npm(...INSTALL, '--save-dev', ...(await vendorPackages(workspace.root)));
  await workspace.nx('g', '@org/micro:init');
  await generateRolledPlatform(workspace);
  const development = await workspace.read('environments/development.yml');
  // The gateway is not rolled out: its own port is the same for all contenders.
  const own = `healthTimeout: ${health}s\nedge: false\nservices:\n  gateway:\n    publish: 0\n`;
  for (const name of Object.values(ENVIRONMENTS)) {
    await workspace.write(`environments/${name}.yml`, development + own);
  }
  for (const { project } of contenders) {
    // If Compose recreates the gateway, its port must stay the same.
    const ports = `ports: !override ['127.0.0.1:${await freePort()}:3001']`;
    const watch = watchEntry(CHANGED);
    await workspace.write(portsFile(project), `services:\n  gateway:\n    ${ports}\n${watch}`);
  }
  await workspace.commit('A gateway and three providers');
  await workspace.nx('run-many', '-t', 'docker-build');
}

/** All contenders in turns, in reverse order in every second round. */
async function measureWork(
  workspace: Workspace,
  work: Work,
  contenders: readonly Contender[],
  round: number,
  readings: (Reading[] | undefined)[],
  interrupted: AbortSignal,
): Promise<void> {
  if (!work.isToBuild) await work.prepare(workspace);
  const order = [...contenders.keys()].filter(
    (index) => !contenders[index]!.leavesOut?.includes(work.id),
  );
  for (const index of round % 2 === 0 ? order : order.toReversed()) {
    interrupted.throwIfAborted();
    const contender = contenders[index]!;
    // One new line for each contender; otherwise the second would find the image that the first one built.
    if (work.isToBuild) await work.prepare(workspace);
    if (work.isFirst) await removeProject(contender.project);
    const reading = await measure(contender, work);
    requireDone(work, contender, reading);
    (readings[index] ??= []).push(reading);
    say(
      `${work.id.padEnd(9)} ${contender.title.padEnd(32)} ${reading.seconds.toFixed(1)} s, ${reading.failed.length} of ${reading.sent} lost, ${reading.serves}; ${reading.failed[0] ?? ''}`,
    );
  }
  if (work.isToBuild) {
    // Compose built all images again, under names that all contenders share. The other projects would be recreated.
    await workspace.nx('run-many', '-t', 'docker-build');
    for (const contender of contenders) await mustRollOut(contender);
    return;
  }
  if (!work.isBad) return;
  await takeBack(workspace);
  for (const contender of contenders) await mustRollOut(contender, { service: CHANGED });
}

/** A rollout that did not do its work does not count as a reading. */
function requireDone({ id, isBad = false }: Work, { title }: Contender, reading: Reading): void {
  const { worked, serves, said } = reading;
  const expected = ['version', 'edit', 'first'].includes(id) ? 'other' : 'before';
  if (isBad ? worked : !worked || serves !== expected) {
    throw new LabError(
      `${title} ${worked ? 'said that it worked' : 'failed'}, and ${CHANGED} is served by "${serves}" (${id}):\n${said}`,
    );
  }
}

async function mustRollOut({ title, rollOut }: Contender, what?: WhatChanged): Promise<void> {
  const { worked, said } = await rollOut(what);
  if (!worked) throw new LabError(`${title} did not bring the platform up:\n${said}`);
}

import { readHost } from '../debian/host.js';
import { LabError, say } from '../program.js';
import { readEngineFacts, type EngineFacts } from './facts.js';
import { installDocker } from './install.js';
import { planEngine, type EnginePlan } from './plan.js';
import { startEngine } from './start.js';

export interface Engine {
  /** `Docker Engine 26.1.5 (linux/amd64)` */
  name: string;
  version: string;
  buildx: string;
  compose: string;
}

/**
 * A running Docker Engine with buildx and Compose v2: the existing one, or, as root on Debian, one that is installed
 * and started now. Can be called repeatedly; takes about 0.2 s if there is nothing to do.
 *
 * @throws LabError saying what to install or start on this system.
 */
export async function ensureEngine(): Promise<Engine> {
  const host = readHost();
  const facts = await readEngineFacts();
  const plan = planEngine(facts, host);
  if (plan.kind === 'use') return toEngine(facts);
  if (plan.kind === 'advise') throw new LabError(formatAdvice(plan.advice));

  await prepare(plan, host.debian?.codename);
  const prepared = await readEngineFacts();
  const left = planEngine(prepared, host);
  if (left.kind !== 'use') {
    const advice =
      left.kind === 'advise' ? left.advice : [`${JSON.stringify(left)} is left to do.`];
    throw new LabError(formatAdvice(advice));
  }
  return toEngine(prepared);
}

/** `Docker Engine 26.1.5 (linux/amd64), buildx 0.13.1, Compose 2.26.1` */
export function formatEngine({ name, buildx, compose }: Engine): string {
  return `engine    ${name}, buildx ${buildx}, Compose ${compose}`;
}

async function prepare(
  plan: Extract<EnginePlan, { kind: 'prepare' }>,
  codename: string | undefined,
): Promise<void> {
  if (plan.install.length > 0) {
    say(`installing ${plan.install.join(', ')} ...`);
    await installDocker(plan.install, plan.trixie ? codename : undefined);
  }
  if (plan.start) {
    say('starting the Docker Engine ...');
    await startEngine();
  }
}

function toEngine({ server, buildx, compose }: EngineFacts): Engine {
  if (server.kind !== 'running' || !buildx || !compose) {
    throw new Error('an engine was planned to be used that is not complete');
  }
  return { name: server.name, version: server.version, buildx, compose };
}

function formatAdvice(advice: string[]): string {
  return ['No usable Docker Engine:', ...advice.map((sentence) => `- ${sentence}`)].join('\n');
}

import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { ensureEngine } from '../engine/ensure-engine.js';
import { ensureNodeImage } from '../images/node/node-image.js';
import { NX } from './application/versions.js';
import { mustRun } from '../command.js';

/** The machine of the readings, without the name of the machine or its user. */
export interface Machine {
  cores: number;
  processor: string;
  memoryGb: number;
  kernel: string;
  docker: string;
  buildx: string;
  node: string;
  npm: string;
  nx: string;
  base: string;
  date: string;
}

export async function readMachine(): Promise<Machine> {
  const [engine, image] = [await ensureEngine(), await ensureNodeImage()];
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model ?? process.arch,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    kernel: `${process.platform} ${/^\d+\.\d+/.exec(release())?.[0] ?? ''}`,
    docker: engine.version,
    buildx: engine.buildx,
    node: process.version,
    npm: (await mustRun('npm', ['--version'])).trim(),
    nx: NX,
    base: `${image.ref}${image.standIn ? ' (a stand-in with the same Node and npm, made from Debian packages)' : ''}`,
    date: new Date().toISOString().slice(0, 10),
  };
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../tools/command.js';
import { unpackNpmPackage } from '../tools/images/npm-package.js';
import { ROOT } from '../tools/generated/file.js';

/** Specs that depend on how Node connects, keeps connections and closes servers. */
const SPECS = ['calls', 'gateway', 'service/shutdown', 'connections'];

/** The oldest supported version, and those newer than the one for all other tests. Vitest itself does not run on 20. */
const VERSIONS = [
  { version: '20.20.2', runsSpecs: false },
  { version: '22.23.3', runsSpecs: false },
  { version: '26.10.0', runsSpecs: true },
];

const isHere = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch);

// npm has packages of Node for Linux only.
describe.skipIf(!isHere).each(VERSIONS)('@org/chassis on Node $version', (given) => {
  let folder: string;
  let node: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'micro-node-'));
    await unpackNpmPackage(`node-linux-${process.arch}@${given.version}`, join(folder, 'node'));
    node = join(folder, 'node/bin/node');
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  const onIt = (...args: string[]) => {
    const PATH = `${dirname(node)}:${process.env['PATH']}`;
    return run(node, args, { cwd: ROOT, env: { ...process.env, PATH } });
  };

  it('serves, calls and stops', async () => {
    const trip = 'packages/chassis/src/testing/round-trip.ts';
    const { stdout, stderr, code } = await onIt('--import', 'tsx', trip);
    expect(stdout, stderr).toBe('200 {"user":"/users/7"}\nstopped\n');
    expect(code).toBe(0);
  });

  if (!given.runsSpecs) return;

  it('passes the specs about connections', async () => {
    const specs = SPECS.map((path) => `packages/chassis/src/${path}`);
    const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'unit', ...specs];
    const { stdout, stderr, code } = await onIt(...vitest);
    expect(code, stdout + stderr).toBe(0);
  });
});

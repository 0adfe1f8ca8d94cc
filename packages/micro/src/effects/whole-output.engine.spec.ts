import { randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeEngine } from '../../../../tools/testing/describe-engine';
import { docker as command } from '../docker/command';
import { scriptArguments } from '../docker/exec';
import { docker } from '../testing/engine-workspace';
import { engineRunner } from './engine-runner';
import { runToMark } from './whole-output';

const SCRIPT = (bytes: number, last: string) =>
  `head --bytes=${bytes} /dev/zero &&\n printf %s "$0" && { ${last}; }`;

describeEngine('the output of a program in a container, read slowly', () => {
  let container: string;

  beforeAll(() => {
    container = docker(
      ...['run', '--detach', '--network', 'none', '--entrypoint', 'sleep'],
      ...['node:24-bookworm-slim', '600'],
    );
  });
  afterAll(() => docker('rm', '--force', container));

  /** How many bytes of an output arrive if nobody reads for a while, and whether that is all. */
  const fetched = async (bytes: number, last: string) => {
    let count = 0;
    let opened: Promise<void> | undefined;
    const output = new Writable({
      highWaterMark: 1,
      write: (chunk: Buffer, _encoding, done) => {
        count += chunk.length;
        opened ??= sleep(6_000);
        void opened.then(() => done());
      },
    });
    const mark = randomUUID();
    const args = scriptArguments(container, SCRIPT(bytes, last), { interactive: true, mark });
    const { exitCode, isWhole } = await runToMark(engineRunner('/'), command(args), mark, {
      output,
    });
    return { exitCode, isWhole, count };
  };

  it('is whole, whatever the engine still holds as the program has written the last of it', async () => {
    const sizes = Array.from({ length: 16 }, (_, index) => 1_400_000 + index * 25_000);
    const all = await Promise.all(sizes.map((bytes) => fetched(bytes, 'read -r || true')));
    expect(all).toEqual(sizes.map((count) => ({ exitCode: 0, isWhole: true, count })));
  });
});

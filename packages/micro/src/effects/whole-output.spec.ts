import { PassThrough, type Readable, type Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, expect, it, vi } from 'vitest';
import { OPEN_AFTER_END } from './exec-watch';
import type { Outcome, Runner, RunOptions } from './process';
import { runToMark } from './whole-output';

afterEach(() => vi.useRealTimers());

const COMMAND = { file: 'docker', args: [] };
const GOOD: Outcome = { exitCode: 0, stdout: '', stderr: '' };

/** Runs a command that does `work`, and returns what it wrote with how it ended. */
async function fetched(
  work: (output: Writable, input: Readable, options: RunOptions) => Promise<Outcome>,
) {
  const runner: Runner = { run: (_, options) => work(options!.output!, options!.input!, options!) };
  const output = new PassThrough();
  const written = text(output);
  written.catch(() => undefined);
  const { isWhole } = await runToMark(runner, COMMAND, 'THE-END', { output });
  return { isWhole, written: await written };
}

it.each([
  ['at once', ['one two THE-END']],
  ['in pieces', ['one', ' two ', 'THE', '-E', 'ND']],
  ['byte by byte', [...'one two THE-END']],
])('takes the mark off an output that comes %s', async (_, pieces) => {
  const ended = await fetched((output) => {
    for (const piece of pieces) output.write(piece);
    output.end();
    return Promise.resolve(GOOD);
  });
  expect(ended).toEqual({ isWhole: true, written: 'one two ' });
});

it.each(['', 'one', 'one two THE-EN', 'THE-END, or not'])('is not whole: "%s"', async (written) => {
  const ended = await fetched((output) => {
    output.end(written);
    return Promise.resolve(GOOD);
  });
  expect(ended).toEqual({ isWhole: false, written });
});

it('ends the input of the program as soon as everything came', async () => {
  const ended = await fetched(async (output, input) => {
    output.write('one');
    input.resume();
    expect(input.readableEnded).toBe(false);
    output.write('THE-END');
    await new Promise((resolve) => input.once('end', resolve));
    output.end();
    return GOOD;
  });
  expect(ended.isWhole).toBe(true);
});

it('waits no longer for a connection that stays open although everything came', async () => {
  vi.useFakeTimers();
  const ending = fetched((output, _, { stop }) => {
    output.write('oneTHE-END');
    return new Promise((resolve) =>
      stop!.addEventListener('abort', () => output.end(() => resolve({ ...GOOD, exitCode: 1 }))),
    );
  });
  await vi.advanceTimersByTimeAsync(OPEN_AFTER_END + 100);
  expect(await ending).toEqual({ isWhole: true, written: 'one' });
});

it('fails as the command does', async () => {
  await expect(fetched(() => Promise.reject(new Error('not found')))).rejects.toThrow('not found');
});

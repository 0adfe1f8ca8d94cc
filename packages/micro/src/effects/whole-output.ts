import { randomUUID } from 'node:crypto';
import { PassThrough, Transform, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from '../docker/command';
import { OPEN_AFTER_END } from './exec-watch';
import type { Outcome, Runner, RunOptions } from './process';

/** What a script ends its output with. No two runs of a script have the same. */
export function newMark(): string {
  return `micro-${randomUUID()}`;
}

/** An outcome whose standard output went elsewhere. */
export interface WholeOutcome extends Outcome {
  /** Whether the output came to its end; without that, an exit code of 0 says nothing about it. */
  isWhole: boolean;
}

/**
 * Runs a command that writes `mark` at the end of its output and then waits for the end of its input. Engines drop the end
 * of an output that is fetched slowly, and hold on to programs that have ended: once the mark came, neither matters.
 *
 * @param first what it reads before that.
 */
export async function runToMark(
  runner: Runner,
  command: Command,
  mark: string,
  { output, first, ...options }: RunOptions & { output: Writable; first?: string },
): Promise<WholeOutcome> {
  const input = new PassThrough();
  if (first !== undefined) input.write(first);
  const stop = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const toMark = new UntilMark(Buffer.from(mark), () => {
    input.end();
    timer = setTimeout(() => stop.abort(), OPEN_AFTER_END);
  });
  const passed = pipeline(toMark, output);
  // It is awaited below, if the command does not fail before.
  passed.catch(() => undefined);
  try {
    const streams = { input, output: toMark, stop: stop.signal };
    const outcome = await runner.run(command, { ...options, ...streams });
    if (!toMark.writableEnded) toMark.end();
    await passed;
    return { ...outcome, isWhole: toMark.isWhole };
  } catch (error) {
    toMark.destroy(error as Error);
    throw error;
  } finally {
    clearTimeout(timer);
    input.destroy();
  }
}

/** Passes everything on but a mark at the end. */
class UntilMark extends Transform {
  /** What may be the mark. */
  private held: Buffer = Buffer.alloc(0);

  constructor(
    private readonly mark: Buffer,
    private readonly onMark: () => void,
  ) {
    super();
  }

  get isWhole(): boolean {
    return this.held.equals(this.mark);
  }

  override _transform(chunk: Buffer | string, _encoding: BufferEncoding, done: () => void): void {
    const all = Buffer.concat([this.held, Buffer.from(chunk as string)]);
    const end = Math.max(0, all.length - this.mark.length);
    this.held = all.subarray(end);
    if (end > 0) this.push(all.subarray(0, end));
    if (this.isWhole) this.onMark();
    done();
  }

  override _flush(done: () => void): void {
    if (!this.isWhole) this.push(this.held);
    done();
  }
}

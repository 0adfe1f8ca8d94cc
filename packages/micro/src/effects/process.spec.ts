import { randomBytes } from 'node:crypto';
import { PassThrough, Readable, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { temporaryWorkspace } from '../testing/temporary-workspace';
import { processRunner, SpawnError } from './process';

const node = (program: string, more = {}) => ({
  file: process.execPath,
  args: ['-e', program],
  ...more,
});

describe('processRunner', () => {
  const run = (...parts: Parameters<ReturnType<typeof processRunner>['run']>) =>
    processRunner(temporaryWorkspace()).run(...parts);

  it('returns both streams and the exit code', async () => {
    const program = 'console.log("out"); console.error("err"); process.exitCode = 3';
    expect(await run(node(program))).toEqual({ exitCode: 3, stdout: 'out\n', stderr: 'err\n' });
  });

  it('passes arguments on as they are, without a shell', async () => {
    const command = { file: process.execPath, args: ['-p', 'process.argv[1]', "$HOME; 'a' `b`"] };
    expect((await run(command)).stdout).toBe("$HOME; 'a' `b`\n");
  });

  it('passes variables and the standard input on', async () => {
    const program = 'process.stdin.on("data", (text) => console.log(process.env.A + text))';
    const { stdout } = await run(node(program, { env: { A: 'a' }, stdin: 'b' }));
    expect(stdout).toBe('ab\n');
  });

  it('accepts a program that does not read its input', async () => {
    const stdin = 'x'.repeat(1_000_000);
    expect(await run(node('process.exit(2)', { stdin }))).toMatchObject({ exitCode: 2 });
  });

  it('streams bytes in and out, and keeps the text of the other stream', async () => {
    const bytes = randomBytes(1_000_000);
    const heard: Buffer[] = [];
    const output = new PassThrough().on('data', (chunk: Buffer) => heard.push(chunk));
    const program = 'console.error("err"); process.stdin.pipe(process.stdout)';
    const outcome = await run(node(program), { input: Readable.from([bytes]), output });
    expect(outcome).toEqual({ exitCode: 0, stdout: '', stderr: 'err\n' });
    expect(Buffer.concat(heard).equals(bytes)).toBe(true);
  });

  it('counts the bytes of its streams', async () => {
    let count = 0;
    const streams = { input: Readable.from([randomBytes(300_000)]), output: new PassThrough() };
    streams.output.resume();
    const program = 'process.stdin.pipe(process.stdout)';
    await run(node(program), { ...streams, onBytes: (more) => void (count += more) });
    expect(count).toBe(600_000);
  });

  it('keeps what a program printed that was stopped', async () => {
    const stop = new AbortController();
    const onLine = () => stop.abort();
    const program = 'process.on("SIGTERM", () => 0); console.log("a"); setInterval(() => 0, 1000)';
    const outcome = await run(node(program), { stop: stop.signal, onLine });
    expect(outcome).toEqual({ exitCode: 1, stdout: 'a\n', stderr: '' });
  });

  it('accepts a program that does not read its stream', async () => {
    const input = Readable.from([randomBytes(1_000_000), randomBytes(1_000_000)]);
    expect(await run(node('process.exit(2)'), { input })).toMatchObject({ exitCode: 2 });
  });

  it('fails if the stream that it reads or writes fails', async () => {
    const input = new Readable({ read: () => input.destroy(new Error('bad disk')) });
    await expect(run(node('process.stdin.resume()'), { input })).rejects.toThrow('bad disk');
    const output = new Writable({ write: (_chunk, _encoding, done) => done(new Error('full')) });
    await expect(run(node('console.log("a")'), { output })).rejects.toThrow('full');
  });

  it('passes on each line as it comes, also a last line without a line break', async () => {
    const heard: string[] = [];
    await run(node('process.stdout.write("a\\r\\nb\\nc")'), { onLine: (line) => heard.push(line) });
    expect(heard).toEqual(['a', 'b', 'c']);
  });

  it('keeps no output if told so, for logs without an end', async () => {
    const heard: string[] = [];
    const onLine = (line: string) => heard.push(line);
    const program = 'console.log("out"); console.error("err")';
    const outcome = await run(node(program), { onLine, keepNothing: true });
    expect(outcome).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(heard.sort()).toEqual(['err', 'out']);
  });

  it('ends a program that takes too long, and says so', async () => {
    const { exitCode, stderr } = await run(node('setInterval(() => {}, 1000)'), { timeout: 100 });
    expect(exitCode).not.toBe(0);
    expect(stderr.trim()).toBe('deadline exceeded: no answer within 0.1 s');
  });

  it('names a program that does not exist', async () => {
    const missing = run({ file: 'no-such-program', args: [] });
    await expect(missing).rejects.toThrow(
      '"no-such-program" was not found on the PATH: install it',
    );
    await expect(missing).rejects.toThrow(SpawnError);
  });
});

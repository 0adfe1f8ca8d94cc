import { describe, expect, it } from 'vitest';
import { docker } from '../docker/command';
import { failure, recordingRunner } from '../testing/recording-runner';
import { sharedRunner } from './shared-runner';

const lookUp = (reference: string) =>
  docker(['image', 'inspect', '--format', '{{json .}}', reference]);

/** Answers like Docker 26: existing images in the order asked for, then an error line for each missing one. */
const engine = (there: readonly string[]) =>
  recordingRunner((_line, { args }) => {
    const references = args.slice(args.indexOf('{{json .}}') + 1);
    const missing = references.filter((reference) => !there.includes(reference));
    const stdout = references
      .filter((reference) => there.includes(reference))
      .map((reference) => `"${reference}"\n`)
      .join('');
    const complaints = missing.map(
      (name) =>
        `Error response from daemon: No such image: ${name.includes(':') ? name : `${name}:latest`}`,
    );
    return { exitCode: missing.length > 0 ? 1 : 0, stdout, stderr: complaints.join('\n') };
  });

describe('a shared runner', () => {
  it('looks up the images of one moment in one command', async () => {
    const runner = engine(['a:1', 'b:1']);
    const shared = sharedRunner(runner);
    const outcomes = await Promise.all(
      ['a:1', 'none:1', 'b:1', 'bare', 'a:1'].map((reference) => shared.run(lookUp(reference))),
    );
    expect(runner.lines).toEqual([
      `docker image inspect --format '{{json .}}' a:1 none:1 b:1 bare`,
    ]);
    expect(outcomes.map(({ exitCode, stdout }) => [exitCode, stdout])).toEqual([
      [0, '"a:1"'],
      [1, ''],
      [0, '"b:1"'],
      [1, ''],
      [0, '"a:1"'],
    ]);
    expect(outcomes[1]!.stderr).toBe('Error response from daemon: No such image: none:1');
  });

  it('asks again later, and asks another engine separately', async () => {
    const runner = engine(['a:1']);
    const shared = sharedRunner(runner);
    await shared.run(lookUp('a:1'));
    const elsewhere = docker(lookUp('a:1').args, { context: 'other' });
    await Promise.all([shared.run(lookUp('a:1')), shared.run(elsewhere)]);
    expect(runner.lines).toEqual([
      `docker image inspect --format '{{json .}}' a:1`,
      `docker image inspect --format '{{json .}}' a:1`,
      `docker --context other image inspect --format '{{json .}}' a:1`,
    ]);
  });

  it('asks for each image alone if the answer is ambiguous', async () => {
    const runner = recordingRunner((_line, { args }) =>
      args.length > 5 ? failure('Cannot connect to the Docker daemon') : { stdout: args.at(-1)! },
    );
    const shared = sharedRunner(runner);
    const outcomes = await Promise.all([shared.run(lookUp('a:1')), shared.run(lookUp('b:1'))]);
    expect(outcomes.map(({ stdout }) => stdout)).toEqual(['a:1', 'b:1']);
    expect(runner.lines).toHaveLength(3);
  });

  it('asks git each question once, and runs everything else as it is', async () => {
    const runner = recordingRunner(() => ({ stdout: 'x' }));
    const shared = sharedRunner(runner);
    const head = { file: 'git', args: ['rev-parse', 'HEAD'] };
    await Promise.all([shared.run(head), shared.run(head)]);
    await shared.run({ file: 'git', args: ['status'] });
    await shared.run(docker(['tag', 'a', 'b']));
    await shared.run(docker(['tag', 'a', 'b']));
    expect(runner.lines).toEqual([
      'git rev-parse HEAD',
      'git status',
      'docker tag a b',
      'docker tag a b',
    ]);
  });

  it('shares only plain look-ups, with or without a time limit for the engine', async () => {
    const runner = engine(['a:1', 'b:1']);
    const shared = sharedRunner(runner);
    await Promise.all([shared.run(lookUp('a:1'), {}), shared.run(lookUp('b:1'), {})]);
    const version = docker(['version', '--format', '{{.Server.Os}}']);
    await shared.run(version, { timeout: 1000 });
    await shared.run(version, {});
    expect(runner.lines).toEqual([
      `docker image inspect --format '{{json .}}' a:1 b:1`,
      'docker version --format {{.Server.Os}}',
    ]);
  });

  it('tells every caller if docker cannot be started', async () => {
    const shared = sharedRunner({ run: () => Promise.reject(new Error('no docker')) });
    const asked = [shared.run(lookUp('a:1')), shared.run(lookUp('b:1'))];
    for (const one of asked) await expect(one).rejects.toThrow('no docker');
  });
});

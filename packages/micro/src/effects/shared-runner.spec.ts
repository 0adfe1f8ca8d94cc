import { describe, expect, it } from 'vitest';
import { docker } from '../docker/command';
import { recordingRunner } from '../testing/recording-runner';
import { sharedRunner } from './shared-runner';

describe('a shared runner', () => {
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

  it('asks the engine for its version once, with or without a time limit', async () => {
    const runner = recordingRunner(() => ({ stdout: 'linux' }));
    const shared = sharedRunner(runner);
    const version = docker(['version', '--format', '{{.Server.Os}}']);
    await shared.run(version, { timeout: 1000 });
    await shared.run(version, {});
    const elsewhere = docker(version.args, { context: 'other' });
    await shared.run(elsewhere);
    expect(runner.lines).toEqual([
      'docker version --format {{.Server.Os}}',
      'docker --context other version --format {{.Server.Os}}',
    ]);
  });

  it('tells every caller if a program cannot be started', async () => {
    const shared = sharedRunner({ run: () => Promise.reject(new Error('no git')) });
    const head = { file: 'git', args: ['rev-parse', 'HEAD'] };
    const asked = [shared.run(head), shared.run(head)];
    for (const one of asked) await expect(one).rejects.toThrow('no git');
  });
});

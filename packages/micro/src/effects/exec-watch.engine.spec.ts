import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeEngine } from '../../../../tools/testing/describe-engine';
import { docker as command } from '../docker/command';
import { scriptArguments } from '../docker/exec';
import { docker } from '../testing/engine-workspace';
import { engineRunner } from './engine-runner';
import { processRunner, type Runner } from './process';

describeEngine('a program in a container whose end does not reach its client', () => {
  let container: string;

  beforeAll(() => {
    container = docker(
      ...['run', '--detach', '--network', 'none', '--entrypoint', 'sleep'],
      ...['node:24-bookworm-slim', '600'],
    );
  });
  afterAll(() => docker('rm', '--force', container));

  it('is waited for while it runs, and no longer', async () => {
    const { run } = processRunner('/');
    // A client that was stopped hears of no end, as if the engine told it of none.
    const frozen: Runner = {
      run: ({ args }, options) => {
        let pid = 0;
        const onLine = (line: string) => {
          if (pid !== 0) process.kill(pid, 'SIGSTOP');
          else pid = Number(line);
        };
        const script = 'echo $$; exec docker "$@"';
        return run({ file: 'sh', args: ['-c', script, 'sh', ...args] }, { ...options, onLine });
      },
    };
    const script = 'echo first; sleep 8; exit 4';
    const started = performance.now();
    const args = scriptArguments(container, script, { mark: randomUUID() });
    const outcome = await engineRunner('/', undefined, frozen).run(command(args));
    expect(performance.now() - started).toBeGreaterThan(8_000);
    expect(outcome).toEqual({
      exitCode: 4,
      stdout: expect.stringMatching(/^\d+\nfirst\n$/) as string,
      stderr: 'the program ended with exit code 4, but the engine kept the connection to it open\n',
    });
  });
});

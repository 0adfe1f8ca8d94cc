import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeEngine } from '../../../../tools/testing/describe-engine';
import { docker } from '../testing/engine-workspace';
import { engineRunner } from './engine-runner';
import { processRunner, type Outcome, type Runner } from './process';

const NAME = `spec-runner-${randomBytes(4).toString('hex')}`;
const LABEL = `org.micro.spec=${NAME}`;

/** What is on the engine is asked for both ways, and done in turns: each has to be as good as the other. */
describeEngine('engineRunner', () => {
  const runners: Record<string, Runner> = {
    client: processRunner('.'),
    engine: engineRunner('.', undefined, {
      run: ({ args }) => Promise.reject(new Error(`the client was started: ${args.join(' ')}`)),
    }),
  };
  const run = (which: string, args: readonly string[]) =>
    runners[which]!.run({ file: 'docker', args });
  let id = '';

  beforeAll(() => {
    docker('network', 'create', '--label', LABEL, NAME);
    const options = ['--name', NAME, '--label', LABEL, '--network', 'none'];
    id = docker('container', 'create', ...options, 'node:24-bookworm-slim', 'sleep', '60');
  });

  afterAll(() => {
    docker('rm', '--force', NAME);
    docker('image', 'rm', `registry:5000/acme/${NAME}:1`);
    docker('network', 'rm', NAME);
    docker('volume', 'rm', '--force', NAME);
  });

  it.each([
    [['container', 'inspect', NAME]],
    [['container', 'inspect', NAME, 'nobody']],
    [['container', 'inspect', 'nobody']],
    [['container', 'ls', '--all', '--no-trunc', '--quiet', '--filter', `label=${LABEL}`]],
    [['container', 'ls', '--all', '--no-trunc', '--filter', 'label=none', '--format', '{{.ID}}']],
    [['image', 'inspect', '--format', '{{json .}}', 'node:24-bookworm-slim', 'nobody:1']],
    [['image', 'history', '--human=false', '--format', '{{.Size}}', 'node:24-bookworm-slim']],
    [['image', 'history', '--human=false', '--format', '{{.Size}}', 'nobody:1']],
    [['tag', 'node:24-bookworm-slim', `registry:5000/acme/${NAME}:1`]],
    [['tag', 'nobody:1', `${NAME}:1`]],
    [['network', 'inspect', NAME, 'nobody']],
    [['volume', 'inspect', '--format', '{{json .Labels}}', 'nobody']],
    [['version', '--format', '{{.Server.Os}}/{{.Server.Arch}}']],
    [['version', '--format', '{{.Server.KernelVersion}}']],
    [['network', 'disconnect', NAME, 'nobody']],
    [['network', 'connect', '--alias', 'x', NAME, 'nobody']],
    [['container', 'start', 'nobody', 'noone']],
    [['container', 'stop', 'nobody']],
    [['container', 'rm', 'nobody']],
    [['container', 'rm', '--force', '--volumes', 'nobody']],
    [['volume', 'rm', '--force', 'nobody']],
  ])('docker %j is answered as the client answers', async (args) => {
    const [asked, printed] = [await run('engine', args), await run('client', args)];
    expect(readable(asked)).toEqual(readable(printed));
  });

  it.each(['client', 'engine'])(
    'a container and its network go their way by the %s',
    async (who) => {
      const must = async (...args: string[]) => {
        expect(await run(who, args)).toMatchObject({ exitCode: 0, stderr: '' });
      };
      const stateOf = () => docker('inspect', '--format', '{{.State.Status}}', NAME);
      await must('network', 'disconnect', 'none', id);
      await must('network', 'connect', '--alias', 'orders', '--alias', 'api', NAME, id);
      await must('container', 'start', id);
      expect(stateOf()).toBe('running');
      const [found] = JSON.parse(docker('inspect', NAME)) as [Inspected];
      expect(found.NetworkSettings.Networks[NAME]?.DNSNames).toEqual(
        expect.arrayContaining(['orders', 'api', NAME]),
      );
      await must('container', 'start', id);
      await must('container', 'stop', id);
      expect(stateOf()).toBe('exited');
      await must('container', 'stop', id);
      await must('network', 'disconnect', NAME, id);
      await must('network', 'connect', 'none', id);
    },
    60_000,
  );

  it.each(['client', 'engine'])('a volume keeps its first labels, made by the %s', async (who) => {
    const make = (value: string) =>
      run(who, ['volume', 'create', '--label', `${LABEL}=x`, '--label', `who=${value}`, NAME]);
    expect(await make('{"a":"=b"}')).toMatchObject({ exitCode: 0, stdout: `${NAME}\n` });
    expect(await make('other')).toMatchObject({ exitCode: 0 });
    const columns = '{{.Name}}\t{{.Label "who"}}\t{{.Label "none"}}';
    const list = ['volume', 'ls', '--filter', 'label=who', '--format', columns];
    const [asked, printed] = [await run('engine', list), await run('client', list)];
    expect(asked).toEqual(printed);
    expect(asked.stdout).toContain(`${NAME}\t{"a":"=b"}\t\n`);
    expect(await run(who, ['volume', 'rm', '--force', NAME])).toMatchObject({ exitCode: 0 });
    expect(docker('volume', 'ls', '--quiet', '--filter', `name=${NAME}`)).toBe('');
  });

  it('asks many things at once over few connections, and lets its process end', async () => {
    const program = `const { engineRunner } = require('./packages/micro/src/effects/engine-runner');
const inspect = { file: 'docker', args: ['container', 'inspect', '${id}'] };
const runner = engineRunner('.');
void Promise.all(Array.from({ length: 50 }, () => runner.run(inspect))).then((all) => {
  console.log(all.filter(({ exitCode }) => exitCode === 0).length);
});`;
    const cwd = join(__dirname, '../../../..');
    const args = ['--import', 'tsx', '--eval', program];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd, timeout: 30_000 });
    expect(stdout).toBe('50\n');
  }, 60_000);
});

interface Inspected {
  NetworkSettings: { Networks: Record<string, { DNSNames?: string[] }> };
}

/** Without what differs from one client to another: the order of keys, and keys without a value. */
function readable({ exitCode, stdout, stderr }: Outcome) {
  try {
    const value: unknown = JSON.parse(stdout, (_, one: unknown) =>
      isNothing(one) ? undefined : one,
    );
    return { exitCode, stderr, printed: value };
  } catch {
    return { exitCode, stderr, printed: stdout.trim() };
  }
}

function isNothing(value: unknown): boolean {
  if (value === '' || value === null || value === false || value === 0) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

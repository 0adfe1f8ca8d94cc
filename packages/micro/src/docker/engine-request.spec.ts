import { describe, expect, it } from 'vitest';
import type { EngineAnswer } from './engine-call';
import { engineCallOf } from './engine-request';

const ok = (body: unknown): EngineAnswer => ({ status: 200, body: JSON.stringify(body) });
const missing = (message: string): EngineAnswer => ({
  status: 404,
  body: JSON.stringify({ message }),
});
const done: EngineAnswer = { status: 204, body: '' };

const requestsOf = (...args: string[]) =>
  engineCallOf(args)?.requests.map(({ method, path, body }) =>
    [method, path, ...(body === undefined ? [] : [JSON.stringify(body)])].join(' '),
  );

describe('requests', () => {
  it.each<[string[], string[]]>([
    [
      ['container', 'inspect', 'a', 'b'],
      ['GET /containers/a/json', 'GET /containers/b/json'],
    ],
    [
      ['container', 'ls', '--all', '--no-trunc', '--quiet', '--filter', 'label=a=b'],
      ['GET /containers/json?all=1&filters=%7B%22label%22%3A%5B%22a%3Db%22%5D%7D'],
    ],
    [
      ['image', 'inspect', '--format', '{{json .}}', 'registry:5000/acme/orders@sha256:0'],
      ['GET /images/registry:5000/acme/orders@sha256:0/json'],
    ],
    [
      ['volume', 'ls', '--filter', 'label=a', '--format', '{{.Name}}\t{{.Label "b.c"}}'],
      ['GET /volumes?filters=%7B%22label%22%3A%5B%22a%22%5D%7D'],
    ],
    [
      ['image', 'history', '--human=false', '--format', '{{.Size}}', 'sha256:0'],
      ['GET /images/sha256:0/history'],
    ],
    [
      ['tag', 'acme/orders@sha256:0', 'registry:5000/acme/orders:k-1'],
      ['POST /images/acme/orders@sha256:0/tag?repo=registry%3A5000%2Facme%2Forders&tag=k-1'],
    ],
    [['volume', 'inspect', '--format', '{{json .Labels}}', 'v'], ['GET /volumes/v']],
    [['network', 'inspect', 'acme_default'], ['GET /networks/acme_default']],
    [['version', '--format', '{{.Server.KernelVersion}}'], ['GET /version']],
    [
      ['volume', 'create', '--label', 'a=b=c', '--label', 'd', 'v'],
      ['POST /volumes/create {"Name":"v","Driver":"local","Labels":{"a":"b=c","d":""}}'],
    ],
    [
      ['volume', 'rm', '--force', 'v', 'w'],
      ['DELETE /volumes/v?force=1', 'DELETE /volumes/w?force=1'],
    ],
    [['container', 'start', 'a'], ['POST /containers/a/start']],
    [
      ['container', 'stop', 'a', 'b'],
      ['POST /containers/a/stop', 'POST /containers/b/stop'],
    ],
    [['container', 'rm', '--force', '--volumes', 'a'], ['DELETE /containers/a?v=1&force=1']],
    [['container', 'rm', '--volumes', 'a'], ['DELETE /containers/a?v=1']],
    [['container', 'rm', 'a'], ['DELETE /containers/a']],
    [
      ['network', 'connect', '--alias', 'x', '--alias', 'y', 'n', 'a'],
      [
        'POST /networks/n/connect {"Container":"a","EndpointConfig":{"IPAMConfig":{},"Aliases":["x","y"]}}',
      ],
    ],
    [
      ['network', 'disconnect', 'n', 'a'],
      ['POST /networks/n/disconnect {"Container":"a","Force":false}'],
    ],
  ])('%j', (args, requests) => {
    expect(requestsOf(...args)).toEqual(requests);
  });

  it.each([
    ['--context', 'far', { context: 'far' }],
    ['--host', 'ssh://deploy@example.com', { host: 'ssh://deploy@example.com' }],
  ])('%s goes to that engine', (flag, value, address) => {
    const call = engineCallOf([flag, value, 'container', 'inspect', 'a']);
    expect(call).toMatchObject({ address, requests: [{ path: '/containers/a/json' }] });
  });

  it.each([
    [['compose', 'config']],
    [['container', 'inspect']],
    [['container', 'inspect', '--size', 'a']],
    [['container', 'ls', '--all', '--no-trunc', '--quiet', '--filter', 'status=running']],
    [['container', 'start', '--attach', 'a']],
    [['container', 'stop', '--time', '1', 'a']],
    [['container', 'logs', 'a']],
    [['container', 'cp', '-', 'a:/run']],
    [['image', 'inspect', 'a']],
    [['image', 'history', 'a']],
    [['image', 'history', '--human=false', '--format', '{{.Size}}', '--no-trunc', 'a']],
    [['tag', 'a', 'registry:5000/b']],
    [['tag', 'a', 'b@sha256:0']],
    [['tag', 'a', 'b:1', 'c:1']],
    [['volume', 'ls', '--filter', 'label=a', '--format', '{{.Mountpoint}}']],
    [['volume', 'create', '--driver', 'nfs', 'v']],
    [['network', 'connect', '--ip', '10.0.0.2', 'n', 'a']],
    [['network', 'disconnect', '--force', 'n', 'a']],
    [['version']],
    [['version', '--format', '{{json .}}']],
    [['push', 'a']],
  ])('%j is left to the client', (args) => {
    expect(engineCallOf(args)).toBeUndefined();
  });
});

describe('what is printed', () => {
  const printed = (args: string[], ...answers: EngineAnswer[]) =>
    engineCallOf(args)!.print(answers);

  it('containers that are there, and a line for each that is not', () => {
    const gone = missing('No such container: b');
    expect(printed(['container', 'inspect', 'a', 'b'], ok({ Id: 'a' }), gone)).toEqual({
      exitCode: 1,
      stdout: '[{"Id":"a"}]\n',
      stderr: 'Error response from daemon: No such container: b\n',
    });
    expect(printed(['container', 'inspect', 'b'], gone)).toMatchObject({ stdout: '[]\n' });
  });

  it('an image a line', () => {
    const args = ['image', 'inspect', '--format', '{{json .}}', 'a', 'b'];
    expect(printed(args, ok({ Id: '1' }), ok({ Id: '2' }))).toEqual({
      exitCode: 0,
      stdout: '{"Id":"1"}\n{"Id":"2"}\n',
      stderr: '',
    });
  });

  it('the size of each step of an image', () => {
    const args = ['image', 'history', '--human=false', '--format', '{{.Size}}', 'a:1'];
    const steps = [{ Size: 2_650_000 }, { Size: 0 }];
    expect(printed(args, ok(steps))).toEqual({ exitCode: 0, stdout: '2650000\n0\n', stderr: '' });
    expect(printed(args, missing('No such image: a:1'))).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: 'Error response from daemon: No such image: a:1\n',
    });
  });

  it('volumes by name in columns, with an empty one for a label that is not there', () => {
    const args = ['volume', 'ls', '--filter', 'label=a', '--format', '{{.Name}}\t{{.Label "x"}}'];
    const Volumes = [
      { Name: 'w', Labels: { x: '1' } },
      { Name: 'v', Labels: null },
    ];
    expect(printed(args, ok({ Volumes }))).toMatchObject({ stdout: 'v\t\nw\t1\n' });
    expect(printed(args, ok({ Volumes: null }))).toMatchObject({ exitCode: 0, stdout: '' });
  });

  it('nothing of a table without rows; the client prints one that has some', () => {
    const args = ['container', 'ls', '--all', '--no-trunc', '--filter', 'label=a'];
    const table = [...args, '--format', '{{.ID}}\t{{.CreatedAt}}'];
    expect(printed(table, ok([]))).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(printed(table, ok([{ Id: 'a' }]))).toBeUndefined();
  });

  it('what kind of machine it is', () => {
    const args = ['version', '--format', '{{.Server.Os}}/{{.Server.Arch}}'];
    expect(printed(args, ok({ Os: 'linux', Arch: 'amd64' }))?.stdout).toBe('linux/amd64\n');
  });

  it('which containers did not start', () => {
    const args = ['container', 'start', 'a', 'b'];
    expect(printed(args, done, missing('No such container: b'))).toEqual({
      exitCode: 1,
      stdout: 'a\n',
      stderr:
        'Error response from daemon: No such container: b\nError: failed to start containers: b\n',
    });
  });

  it('success if a container runs already', () => {
    expect(printed(['container', 'start', 'a'], { status: 304, body: '' })?.exitCode).toBe(0);
  });

  it('an error for a container that is not there, except with --force', () => {
    const gone = missing('No such container: a');
    expect(printed(['container', 'rm', '--volumes', 'a'], gone)?.exitCode).toBe(1);
    expect(printed(['container', 'rm', '--force', '--volumes', 'a'], gone)?.exitCode).toBe(0);
    const busy = { status: 409, body: '{"message":"removal is already in progress"}' };
    expect(printed(['container', 'rm', '--force', 'a'], busy)?.exitCode).toBe(1);
  });

  it('the words of a proxy in between', () => {
    const answer = { status: 502, body: 'Bad Gateway\n' };
    expect(printed(['container', 'inspect', 'a'], answer)?.stderr).toBe(
      'Error response from daemon: Bad Gateway\n',
    );
  });
});

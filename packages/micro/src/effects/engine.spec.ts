import { describe, expect, it } from 'vitest';
import { failure, recordingRunner } from '../testing/recording-runner';
import {
  inspectImages,
  inspectRemoteImage,
  runDocker,
  toBuildError,
  toEngineError,
} from './engine';

const outcome = (stderr: string) => ({ exitCode: 1, stdout: '', stderr });

describe('toEngineError', () => {
  // What Docker 26, buildx 0.13 and Compose 2.26 print.
  it.each([
    [
      'no-engine',
      'Cannot connect to the Docker daemon at tcp://127.0.0.1:9. Is the docker daemon running?',
    ],
    [
      'no-engine',
      'error during connect: Get "http://docker.example.com/v1.50/x": command [ssh] has exited with exit status 255',
    ],
    [
      'no-engine',
      'Failed to initialize: unable to resolve docker endpoint: context "nope": context not found: open /x/meta.json: no such file or directory',
    ],
    ['denied', 'denied: requested access to the resource is denied'],
    ['denied', 'unauthorized: authentication required'],
    [
      'denied',
      'ERROR: unexpected status from HEAD request to http://127.0.0.1:9/v2/x/manifests/y: 401 Unauthorized',
    ],
    [
      'denied',
      'Error response from daemon: Head "https://x/v2/y/manifests/z": no basic auth credentials',
    ],
    [
      'no-registry',
      'ERROR: failed to do request: Head "http://127.0.0.1:9/v2/x/manifests/y": dial tcp 127.0.0.1:9: connect: connection refused',
    ],
    [
      'no-registry',
      'ERROR: failed to do request: Head "https://x/v2/": dial tcp: lookup x on 10.0.0.1:53: no such host',
    ],
    ['no-registry', 'received unexpected HTTP status: 500 Internal Server Error'],
    ['no-registry', 'toomanyrequests: too many requests'],
    ['no-registry', '\ndeadline exceeded: no answer within 60 s'],
    [
      'failed',
      'Error response from daemon: Get "https://10.0.0.1:5000/v2/": http: server gave HTTP response to HTTPS client',
    ],
    ['failed', 'invalid reference format'],
    ['failed', 'connection refused\nError response from daemon: no such volume'],
    ['failed', ''],
  ])('%s: %s', (kind, stderr) => {
    expect(toEngineError('Could not x', outcome(stderr), {}).kind).toBe(kind);
  });

  it.each([
    [{ context: 'far' }, 'no Docker Engine answers on the docker context "far"'],
    [{ host: 'ssh://a@b' }, 'no Docker Engine answers on ssh://a@b'],
  ])('names the engine of %j', (address, message) => {
    const error = toEngineError(
      'Could not x',
      outcome('Cannot connect to the Docker daemon'),
      address,
    );
    expect(error.message).toContain(message);
  });

  it.each([
    'Error response from daemon: driver failed programming external connectivity on endpoint x (1a): Bind for 127.0.0.1:8080 failed: port is already allocated\nError: failed to start containers: x',
    'Error response from daemon: driver failed programming external connectivity on endpoint x (1a): Error starting userland proxy: listen tcp4 127.0.0.1:8080: bind: address already in use',
  ])('says which port is taken', (stderr) => {
    expect(toEngineError('Could not start orders', outcome(stderr), {}).message).toBe(
      'Could not start orders: 127.0.0.1:8080 of the host is taken. Free it ("docker ps" shows which container has it), or publish another port: "publish" of a service in environments/<name>.yml, "ports" of anything else in environments/<name>.compose.yaml',
    );
  });

  it.each([
    // What Docker 26 and Compose 2.26 print on a disk that is full.
    'write /var/lib/docker/tmp/GetImageBlob193: no space left on device',
    'failed to register layer: write /workspace/main.js: no space left on device',
    'Container x  Creating\nError response from daemon: mkdir /var/lib/docker/overlay2/1a: no space left on device',
    'Error response from daemon: write /var/lib/docker/containers/1a/hosts: no space left on device\nError: failed to start containers: 1a',
  ])('says that the disk is full: %s', (stderr) => {
    expect(toEngineError('Could not pull x', outcome(stderr), {}).message).toMatch(
      /^Could not pull x: the disk of the engine is full \(.*no space left on device\)\. Free some of it there, for example with "docker image prune --all"/,
    );
  });

  it('shows why no engine answers, not what came of that', () => {
    const said =
      'Cannot connect to the Docker daemon at unix:///x.sock. Is the docker daemon running?\nError: failed to start containers: 1a';
    expect(toEngineError('Could not start x', outcome(said), {}).message).toContain(
      '(Cannot connect to the Docker daemon at unix:///x.sock. Is the docker daemon running?)',
    );
  });

  it('shows what ssh said', () => {
    const said = `error during connect: Get "http://docker.example.com/v1.45/info": command [ssh -o ConnectTimeout=30 -T -- b docker system dial-stdio] has exited with exit status 255, make sure the URL is valid, and Docker 18.09 or later is installed on the remote host: stderr=Warning: a banner
ssh: connect to host b port 22: Connection refused`;
    const { kind, message } = toEngineError('Could not x', outcome(said), { host: 'ssh://b' });
    expect(kind).toBe('no-engine');
    expect(message).toBe(
      'Could not x: no Docker Engine answers on ssh://b (ssh: connect to host b port 22: Connection refused). See that ssh gets there and finds docker, then run this again',
    );
  });

  it('shows what was printed where it knows no better', () => {
    expect(toEngineError('Could not x', outcome('a\nb\n'), {}).message).toBe(
      'Could not x (exit code 1):\n  a\n  b',
    );
    expect(toEngineError('Could not x', outcome(''), {}).message).toBe(
      'Could not x (exit code 1) and wrote nothing',
    );
  });
});

describe('toBuildError', () => {
  const step = `#0 building with "default" instance using docker driver

#6 [2/2] RUN npm ci
#6 0.1 npm error 401 Unauthorized
#6 ERROR: process "/bin/sh -c npm ci" did not complete successfully: exit code: 1
------
 > [2/2] RUN npm ci:
0.1 npm error 401 Unauthorized
------
Dockerfile:3
--------------------
   3 | >>> RUN npm ci
--------------------
ERROR: failed to solve: process "/bin/sh -c npm ci" did not complete successfully: exit code: 1
`;

  it('names the line, and takes what a step prints for no word of the engine', () => {
    const error = toBuildError('apps/orders/Dockerfile', outcome(step));
    expect(error.kind).toBe('failed');
    expect(error.message).toMatch(
      /^apps\/orders\/Dockerfile:3 could not be built \(exit code 1\):\n {2}------\n {3}> \[2\/2\] RUN npm ci:/,
    );
  });

  it.each([
    [
      'no-registry',
      'ERROR: failed to solve: x: failed to resolve source metadata for x: failed to do request: Head "https://x": dial tcp: connection refused',
    ],
    [
      'denied',
      'ERROR: failed to solve: x: failed to resolve source metadata for x: pull access denied',
    ],
    [
      'no-engine',
      'ERROR: failed to receive status: rpc error: code = Unavailable desc = error reading from server: EOF',
    ],
    [
      'no-engine',
      'ERROR: Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?',
    ],
    [
      'failed',
      'ERROR: failed to solve: dockerfile parse error on line 3: unknown instruction: CPY',
    ],
  ])('%s: %s', (kind, stderr) => {
    expect(toBuildError('Dockerfile', outcome(stderr)).kind).toBe(kind);
  });
});

describe('inspectImages', () => {
  it('leaves out what is not there', async () => {
    const runner = recordingRunner((line) =>
      line.endsWith(' a')
        ? { stdout: '{"Id":"1","RepoTags":null,"RepoDigests":null,"Size":5}' }
        : failure('Error response from daemon: No such image: b:latest'),
    );
    expect(await inspectImages(runner, ['a', 'b'])).toEqual(
      new Map([['a', { id: '1', labels: {}, tags: [], digests: [], size: 5 }]]),
    );
  });

  it('does not take an engine that is away for an image that is away', async () => {
    const runner = recordingRunner(() => ({
      ...failure('Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?'),
      stdout: '[]',
    }));
    await expect(inspectImages(runner, ['a'])).rejects.toThrow('no Docker Engine answers');
  });
});

describe('inspectRemoteImage', () => {
  const manifest = { digest: 'sha256:1' };
  const config = { config: { Labels: { a: 'b' } } };

  it.each([
    ['an image', { manifest, image: config }, { a: 'b' }],
    ['an index', { manifest, image: { 'linux/amd64': config, 'linux/arm64': config } }, { a: 'b' }],
    ['an image without labels', { manifest, image: { config: {} } }, {}],
    ['something else', { manifest, image: null }, {}],
  ])('reads digest and labels of %s', async (_, json, labels) => {
    const runner = recordingRunner(() => ({ stdout: JSON.stringify(json) }));
    expect(await inspectRemoteImage(runner, 'r/a:1')).toEqual({
      digest: 'sha256:1',
      labels,
      variants: [],
    });
  });

  it.each([
    'ERROR: 127.0.0.1:5000/x:y: not found',
    'ERROR: pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed',
  ])('takes "%s" for no', async (stderr) => {
    expect(
      await inspectRemoteImage(
        recordingRunner(() => failure(stderr)),
        'r/a:1',
      ),
    ).toBeUndefined();
  });

  it('does not take silence for no', async () => {
    const runner = recordingRunner(() => failure('dial tcp: connection refused'));
    await expect(inspectRemoteImage(runner, 'r/a:1')).rejects.toMatchObject({
      kind: 'no-registry',
    });
  });
});

it('runDocker hands variables and input on beside the arguments', async () => {
  const runner = recordingRunner();
  await runDocker(runner, ['login'], { host: 'h' }, 'x', { env: { A: 'b' }, stdin: 'secret' });
  expect(runner.commands).toEqual([
    { file: 'docker', args: ['--host', 'h', 'login'], env: { A: 'b' }, stdin: 'secret' },
  ]);
});

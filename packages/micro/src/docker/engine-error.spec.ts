import { describe, expect, it } from 'vitest';
import { toBuildError, toEngineError } from './engine-error';

const outcome = (stderr: string) => ({ exitCode: 1, stdout: '', stderr });

describe('toEngineError', () => {
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
    [
      'denied: requested access to the resource is denied',
      'denied',
      'the registry refused (denied: requested access to the resource is denied). Log in with "docker login" and check the rights',
    ],
    [
      'toomanyrequests: too many requests',
      'no-registry',
      'the registry did not answer properly (toomanyrequests: too many requests)',
    ],
    [
      'failed to register layer: write /x: no space left on device',
      'failed',
      'the disk of the engine is full (failed to register layer: write /x: no space left on device). Free some space there, for example with "docker image prune --all". It removes images without a container; a rollback to one can only pull it again from a registry. Then run this again',
    ],
    [
      'permission denied while trying to connect to the docker API at unix:///var/run/docker.sock',
      'no-engine',
      'no Docker Engine answers on far (permission denied while trying to connect to the docker API at unix:///var/run/docker.sock). Add your user to the group that may use its socket, usually "docker", then run this again',
    ],
    [
      'Error response from daemon: no matching manifest for linux/arm64 in the manifest list entries: no match for platform in manifest: not found',
      'failed',
      'the image does not exist for linux/arm64 (no matching manifest for linux/arm64 in the manifest list entries: no match for platform in manifest: not found). Build it for that platform with "platforms" of docker-build, or use an image that has it',
    ],
    [
      'Error response from daemon: driver failed: Error starting userland proxy: listen tcp4 192.0.2.7:80: bind: cannot assign requested address',
      'failed',
      'the host cannot listen on 192.0.2.7:80 (cannot assign requested address). Correct the address, or publish another port: "publish" of a service in environments/<name>.yml, "ports" of anything else in environments/<name>.compose.yaml',
    ],
  ])('says what to do about %s', (stderr, kind, message) => {
    const error = toEngineError('Could not x', outcome(stderr), { host: 'far' });
    expect(error.kind).toBe(kind);
    expect(error.message).toBe(`Could not x: ${message}`);
  });

  it('shows why no engine answers, and not the errors that follow from it', () => {
    const said =
      'Cannot connect to the Docker daemon at unix:///x.sock. Is the docker daemon running?\nError: failed to start containers: 1a';
    expect(toEngineError('Could not start x', outcome(said), {}).message).toContain(
      '(Cannot connect to the Docker daemon at unix:///x.sock. Is the docker daemon running?)',
    );
  });

  it('shows the message of ssh', () => {
    const said = `error during connect: Get "http://docker.example.com/v1.45/info": command [ssh -o ConnectTimeout=30 -T -- b docker system dial-stdio] has exited with exit status 255, make sure the URL is valid, and Docker 18.09 or later is installed on the remote host: stderr=Warning: a banner
ssh: connect to host b port 22: Connection refused`;
    const { kind, message } = toEngineError('Could not x', outcome(said), { host: 'ssh://b' });
    expect(kind).toBe('no-engine');
    expect(message).toBe(
      'Could not x: no Docker Engine answers on ssh://b (ssh: connect to host b port 22: Connection refused). Make sure that ssh connects, and finds docker there, then run this again',
    );
  });

  it('shows the output if it has nothing better to say', () => {
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

  it('names the line, and does not mistake the output of a step for an error of the engine', () => {
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

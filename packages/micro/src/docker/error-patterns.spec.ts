import { describe, expect, it } from 'vitest';
import {
  parseBuildComplaint,
  parseComplaint,
  saysAlreadyDone,
  saysContainerGone,
  saysExportedTwice,
  saysNoAttestation,
  saysNoContainer,
  saysNotFound,
  type Complaint,
} from './error-patterns';

/**
 * Seen on Docker 26.1.5 with client 28.2.2, buildx 0.13.1 and Compose 2.26.1, and on Docker 28.5.2 with the containerd
 * image store, buildx 0.29.1 and Compose 2.40.3. "all" is what both print. Those of 28.0 and 29, and of Docker Desktop,
 * are from reports: https://github.com/Tecnativa/docker-socket-proxy/issues/143,
 * https://github.com/chrisjbawden/cockpit-dockermanager/issues/37,
 * https://github.com/launchdarkly/find-code-references/issues/65,
 * https://github.com/Azure-Samples/holiday-peak-hub/issues/472.
 */
const DRIVER = 'driver failed programming external connectivity on endpoint orders-1 (1a2b)';
const NETWORKING = `failed to set up container networking: ${DRIVER}`;
const REFUSED = 'dial tcp 127.0.0.1:9: connect: connection refused';

type Case = [version: string, output: string, complaint: Partial<Complaint>];

const taken = (address: string) => ({ kind: 'port-taken', address }) as const;
const PORTS: Case[] = [
  [
    '26, taken by a container',
    `Error response from daemon: ${DRIVER}: Bind for 127.0.0.1:8080 failed: port is already allocated\nError: failed to start containers: orders-1`,
    taken('127.0.0.1:8080'),
  ],
  [
    '28.5, taken by a container',
    `Error response from daemon: ${NETWORKING}: Bind for 127.0.0.1:8080 failed: port is already allocated\nError: failed to start containers: orders-1`,
    taken('127.0.0.1:8080'),
  ],
  [
    '26, taken by a process',
    `Error response from daemon: ${DRIVER}: Error starting userland proxy: listen tcp4 0.0.0.0:8080: bind: address already in use`,
    taken('0.0.0.0:8080'),
  ],
  [
    '26, IPv6',
    `docker: Error response from daemon: ${DRIVER}: Error starting userland proxy: listen tcp6 [::1]:8080: bind: address already in use\n\nRun 'docker run --help' for more information`,
    taken('[::1]:8080'),
  ],
  [
    '28.0',
    `Error response from daemon: ${DRIVER}: failed to bind port 127.0.0.1:2375/tcp: Error starting userland proxy: listen tcp4 127.0.0.1:2375: bind: address already in use`,
    taken('127.0.0.1:2375'),
  ],
  [
    '28.5, taken by a process',
    ` Container orders-1  Starting\nError response from daemon: ${NETWORKING}: failed to bind host port for 127.0.0.1:8080:172.18.0.2:80/tcp: address already in use`,
    taken('127.0.0.1:8080'),
  ],
  [
    '28.5, IPv6',
    `Error response from daemon: ${NETWORKING}: failed to bind host port for [::1]:8080:172.17.0.3:80/tcp: address already in use`,
    taken('[::1]:8080'),
  ],
  [
    '29',
    `Error response from daemon: ${NETWORKING}: failed to bind host port 0.0.0.0:8080/tcp: address already in use`,
    taken('0.0.0.0:8080'),
  ],
  [
    'Docker Desktop on a Mac',
    'Error response from daemon: Ports are not available: exposing port TCP 0.0.0.0:8080 -> 127.0.0.1:0: listen tcp 0.0.0.0:8080: bind: address already in use',
    taken('0.0.0.0:8080'),
  ],
  [
    'Docker Desktop on Windows',
    'Error response from daemon: Ports are not available: exposing port TCP 0.0.0.0:8080 -> 127.0.0.1:0: listen tcp 0.0.0.0:8080: bind: Only one usage of each socket address (protocol/network address/port) is normally permitted.',
    taken('0.0.0.0:8080'),
  ],
  [
    'Docker Desktop on Windows, reserved',
    'Error response from daemon: Ports are not available: exposing port TCP 0.0.0.0:8080 -> 127.0.0.1:0: listen tcp 0.0.0.0:8080: bind: An attempt was made to access a socket in a way forbidden by its access permissions.',
    { kind: 'port-refused', address: '0.0.0.0:8080' },
  ],
  [
    '26, no address of the host',
    `Error response from daemon: ${DRIVER}: Error starting userland proxy: listen tcp4 192.0.2.77:80: bind: cannot assign requested address`,
    {
      kind: 'port-refused',
      address: '192.0.2.77:80',
      reason: 'cannot assign requested address',
    },
  ],
  [
    '28.5, no address of the host',
    `Error response from daemon: ${NETWORKING}: failed to bind host port for 192.0.2.77:80:172.17.0.2:80/tcp: cannot assign requested address`,
    {
      kind: 'port-refused',
      address: '192.0.2.77:80',
      reason: 'cannot assign requested address',
    },
  ],
  [
    'rootless, privileged',
    `Error response from daemon: ${DRIVER}: Error starting userland proxy: error while calling PortManager.AddPort(): cannot expose privileged port 80, you can add 'net.ipv4.ip_unprivileged_port_start=80' to /etc/sysctl.conf (currently 1024), or set CAP_NET_BIND_SERVICE on rootlesskit binary, or choose a larger port number (>= 1024): listen tcp4 0.0.0.0:80: bind: permission denied`,
    { kind: 'port-refused', address: 'port 80' },
  ],
];

const silent = { kind: 'no-engine', cause: 'silent' } as const;
const ENGINES: Case[] = [
  [
    'all, nothing listens',
    'Cannot connect to the Docker daemon at unix:///x.sock. Is the docker daemon running?\nError: failed to start containers: 1a',
    {
      ...silent,
      reason:
        'Cannot connect to the Docker daemon at unix:///x.sock. Is the docker daemon running?',
    },
  ],
  [
    'all, buildx',
    'ERROR: Cannot connect to the Docker daemon at unix:///x.sock. Is the docker daemon running?',
    silent,
  ],
  [
    'Compose 2.40',
    "unable to get image 'node:24': Cannot connect to the Docker daemon at unix:///x.sock. Is the docker daemon running?",
    silent,
  ],
  [
    '29',
    'failed to connect to the docker API at unix:///var/run/docker.sock; check if the path is correct and if the daemon is running: dial unix /var/run/docker.sock: connect: no such file or directory',
    silent,
  ],
  [
    '29 on Windows',
    'failed to connect to the docker API at npipe:////./pipe/dockerDesktopLinuxEngine; check if the path is correct and if the daemon is running: open //./pipe/dockerDesktopLinuxEngine: The system cannot find the file specified.',
    silent,
  ],
  [
    'all, no such host',
    'error during connect: Get "http://far.example:2375/v1.51/containers/json": dial tcp: lookup far.example on 10.0.0.1:53: no such host',
    silent,
  ],
  [
    'all, unknown context',
    'Failed to initialize: unable to resolve docker endpoint: context "far": context not found: open /x/meta.json: no such file or directory',
    silent,
  ],
  [
    'buildx 0.13, engine gone during a build',
    'ERROR: failed to receive status: rpc error: code = Unavailable desc = error reading from server: EOF',
    silent,
  ],
  [
    'all, ssh',
    'error during connect: Get "http://docker.example.com/v1.51/info": command [ssh -o ConnectTimeout=30 -T -- b docker system dial-stdio] has exited with exit status 255, make sure the URL is valid, and Docker 18.09 or later is installed on the remote host: stderr=Warning: a banner\nssh: connect to host b port 22: Connection refused\n',
    {
      kind: 'no-engine',
      cause: 'ssh',
      reason: 'ssh: connect to host b port 22: Connection refused',
    },
  ],
  [
    'Compose 2.26, ssh',
    'error during connect: Get "http://docker.example.com/v1.45/containers/json": command [ssh -T -- b docker system dial-stdio] has exited with exit status 255, please make sure the URL is valid, and Docker 18.09 or later is installed on the remote host: stderr=ssh: Could not resolve hostname b: Name or service not known\n',
    {
      kind: 'no-engine',
      cause: 'ssh',
      reason: 'ssh: Could not resolve hostname b: Name or service not known',
    },
  ],
  [
    '26 and 28.5, no rights',
    'permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get "http://%2Fvar%2Frun%2Fdocker.sock/v1.51/containers/json": dial unix /var/run/docker.sock: connect: permission denied',
    { kind: 'no-engine', cause: 'rights' },
  ],
  [
    '29, no rights',
    'permission denied while trying to connect to the docker API at unix:///var/run/docker.sock',
    { kind: 'no-engine', cause: 'rights' },
  ],
];

const DISKS: Case[] = [
  [
    '26, pull',
    'write /var/lib/docker/tmp/GetImageBlob193: no space left on device',
    { kind: 'disk-full' },
  ],
  [
    '26, unpacking',
    'failed to register layer: write /workspace/main.js: no space left on device',
    { kind: 'disk-full' },
  ],
  [
    '26, create',
    'Container x  Creating\nError response from daemon: mkdir /var/lib/docker/overlay2/1a: no space left on device',
    { kind: 'disk-full', reason: 'mkdir /var/lib/docker/overlay2/1a: no space left on device' },
  ],
  [
    '26, start',
    'Error response from daemon: write /var/lib/docker/containers/1a/hosts: no space left on device\nError: failed to start containers: 1a',
    { kind: 'disk-full' },
  ],
];

const arm = { kind: 'no-platform', platform: 'linux/arm64' } as const;
const PLATFORMS: Case[] = [
  [
    '28.5, pull',
    'Error response from daemon: no matching manifest for linux/arm64 in the manifest list entries: no match for platform in manifest: not found',
    arm,
  ],
  [
    '26, pull',
    'Status: Image is up to date for r/one:1\nimage with reference r/one:1 was found but does not match the specified platform: wanted linux/arm64, actual: linux/amd64',
    arm,
  ],
  [
    '28.5, run',
    'docker: Error response from daemon: image with reference node:24 was found but does not provide the specified platform (linux/arm64)',
    arm,
  ],
];

const REGISTRIES: Case[] = [
  [
    '26, pull',
    'Error response from daemon: Head "https://x/v2/y/manifests/z": no basic auth credentials',
    { kind: 'denied' },
  ],
  [
    '26, push',
    'The push refers to repository [x/y]\n89f741b7f90c: Preparing\nno basic auth credentials',
    { kind: 'denied' },
  ],
  ['26, forbidden', 'denied: requested access to the resource is denied', { kind: 'denied' }],
  ['26, forbidden without words', 'Error response from daemon: denied', { kind: 'denied' }],
  [
    '26, wrong password',
    'Error response from daemon: Head "http://x/v2/w/manifests/1": unauthorized: incorrect username or password',
    { kind: 'denied' },
  ],
  [
    '28.5, pull',
    'Error response from daemon: failed to resolve reference "x/w:1": pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials',
    { kind: 'denied' },
  ],
  [
    '28.5, push',
    'f9271acb2031: Waiting\npush access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials',
    { kind: 'denied' },
  ],
  [
    '28.5, forbidden',
    'unknown: unexpected status from HEAD request to http://x/v2/w/blobs/sha256:ce: 403 Forbidden',
    { kind: 'denied' },
  ],
  [
    '28.5, wrong password',
    'Error response from daemon: error from registry: incorrect username or password',
    { kind: 'denied' },
  ],
  [
    'all, buildx',
    'ERROR: unexpected status from HEAD request to http://x/v2/w/manifests/1: 401 Unauthorized',
    { kind: 'denied' },
  ],
  [
    'all, buildx, wrong password',
    'ERROR: failed to authorize: failed to fetch anonymous token: unexpected status from GET request to http://x/token?service=x: 401 Unauthorized',
    { kind: 'denied' },
  ],
  [
    'all, login',
    'Error response from daemon: login attempt to http://x/v2/ failed with status: 401 Unauthorized',
    { kind: 'denied' },
  ],
  [
    '26, nothing listens',
    `Error response from daemon: Get "http://127.0.0.1:9/v2/": ${REFUSED}`,
    { kind: 'no-registry' },
  ],
  [
    '28.5, nothing listens',
    `Error response from daemon: failed to resolve reference "127.0.0.1:9/w:1": failed to do request: Head "https://127.0.0.1:9/v2/w/manifests/1": ${REFUSED}`,
    { kind: 'no-registry' },
  ],
  [
    'all, buildx',
    `ERROR: failed to do request: Head "http://127.0.0.1:9/v2/w/manifests/1": ${REFUSED}`,
    { kind: 'no-registry' },
  ],
  [
    'all, no such host',
    'ERROR: failed to do request: Head "https://x/v2/": dial tcp: lookup x on 10.0.0.1:53: no such host',
    { kind: 'no-registry' },
  ],
  [
    '26, 503',
    'Error response from daemon: received unexpected HTTP status: 503 Service Unavailable',
    { kind: 'no-registry' },
  ],
  [
    '28.5, 503',
    'Error response from daemon: unknown: failed to resolve reference "x/w:1": unexpected status from HEAD request to http://x/v2/w/manifests/1: 503 Service Unavailable',
    { kind: 'no-registry' },
  ],
  ['26, 429', 'toomanyrequests: too many requests', { kind: 'no-registry' }],
  [
    '28.5, 429',
    'unknown: unexpected status from HEAD request to http://x/v2/w/blobs/sha256:ce: 429 Too Many Requests',
    { kind: 'no-registry' },
  ],
  [
    'ours, no answer in time',
    '\ndeadline exceeded: no answer within 60 s',
    { kind: 'no-registry' },
  ],
  [
    'all, plain HTTP',
    'Error response from daemon: Get "https://10.0.0.1:5000/v2/": http: server gave HTTP response to HTTPS client',
    { kind: 'plain-http' },
  ],
];

const OTHERS: Case[] = [
  ['all', 'invalid reference format', { kind: 'other' }],
  ['all', '', { kind: 'other' }],
  [
    'all, the last error counts',
    'connection refused\nError response from daemon: no such volume',
    { kind: 'other', reason: 'no such volume' },
  ],
  ['26, missing network', 'Error response from daemon: network far not found', { kind: 'other' }],
  [
    '28.5, missing network',
    'Error response from daemon: failed to set up container networking: network far not found',
    { kind: 'other' },
  ],
  [
    'Compose 2.40, missing network',
    'network far declared as external, but could not be found',
    { kind: 'other' },
  ],
  [
    'all, a file that may not be read',
    'open /workspace/compose.yaml: permission denied',
    { kind: 'other' },
  ],
  [
    '28.5, push of a missing image',
    'The push refers to repository [x/y]\ntag does not exist: x/y:1',
    { kind: 'other' },
  ],
];

describe('parseComplaint', () => {
  it.each([...PORTS, ...ENGINES, ...DISKS, ...PLATFORMS, ...REGISTRIES, ...OTHERS])(
    '%s: %s',
    (_, output, complaint) => {
      expect(parseComplaint(output)).toMatchObject(complaint);
    },
  );
});

describe('parseBuildComplaint', () => {
  const at = (line: number, verdict: string) =>
    `Dockerfile:${line}\n--------------------\n   1 | >>> FROM x/w:1\n--------------------\n${verdict}`;
  const source = 'x/w:1: failed to resolve source metadata for x/w:1';

  it.each<[string, string, Partial<Complaint>]>([
    [
      '0.13',
      `ERROR: failed to solve: ${source}: unexpected status from HEAD request to http://x/v2/w/manifests/1: 403 Forbidden`,
      { kind: 'denied' },
    ],
    [
      '0.29',
      `ERROR: failed to build: failed to solve: ${source}: unexpected status from HEAD request to http://x/v2/w/manifests/1: 403 Forbidden`,
      { kind: 'denied' },
    ],
    [
      '0.13, password',
      `ERROR: failed to solve: ${source}: failed to authorize: failed to fetch anonymous token: unexpected status from GET request to http://x/token: 401 Unauthorized`,
      { kind: 'denied' },
    ],
    [
      '0.29, password',
      'ERROR: failed to build: failed to solve: failed to fetch anonymous token: unexpected status from GET request to http://x/token: 401 Unauthorized',
      { kind: 'denied' },
    ],
    [
      '0.29, no such host',
      `ERROR: failed to build: failed to solve: ${source}: failed to do request: Head "https://x/v2/": dial tcp: lookup x on 10.0.0.1:53: no such host`,
      { kind: 'no-registry' },
    ],
    [
      '0.29, platform',
      `ERROR: failed to build: failed to solve: ${source}: no match for platform in manifest: not found`,
      { kind: 'no-platform' },
    ],
    [
      '0.29, no such image',
      `ERROR: failed to build: failed to solve: ${source}: x/w:1: not found`,
      { kind: 'other' },
    ],
    [
      '0.29, a step',
      'ERROR: failed to build: failed to solve: process "/bin/sh -c npm ci" did not complete successfully: exit code: 1',
      { kind: 'other' },
    ],
    [
      '0.13, syntax',
      'ERROR: failed to solve: dockerfile parse error on line 3: unknown instruction: CPY',
      { kind: 'other' },
    ],
  ])('%s: %s', (_, verdict, complaint) => {
    const parsed = parseBuildComplaint(at(7, verdict));
    expect(parsed.complaint).toMatchObject(complaint);
    expect(parsed.line).toBe(7);
  });
});

describe('one question each', () => {
  it.each([
    ['all', 'Error response from daemon: No such image: orders:1', true],
    ['all, inspect', 'Error: No such object: orders', true],
    [
      '26, pull',
      'Error response from daemon: manifest for x/y:1 not found: manifest unknown: manifest unknown',
      true,
    ],
    [
      '28.5, pull',
      'Error response from daemon: failed to resolve reference "x/y:1": x/y:1: not found',
      true,
    ],
    ['all, buildx', 'ERROR: 127.0.0.1:5000/x:y: not found', true],
    [
      'all, Docker Hub hides what is private',
      'ERROR: pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed',
      true,
    ],
    [
      'all, without a login',
      'ERROR: pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials',
      false,
    ],
    [
      '28.5, another platform',
      'Error response from daemon: no matching manifest for linux/arm64 in the manifest list entries: no match for platform in manifest: not found',
      false,
    ],
    [
      'all, no engine',
      '[]\nCannot connect to the Docker daemon at unix:///x. Is the docker daemon running?',
      false,
    ],
    ['all, no registry', `ERROR: failed to do request: ${REFUSED}`, false],
  ])('saysNotFound, %s: %s', (_, words, expected) => {
    expect(saysNotFound(words)).toBe(expected);
  });

  it.each([
    [saysNoContainer, 'all', 'Error response from daemon: No such container: orders-1', true],
    [saysNoContainer, 'all', 'Error response from daemon: container 1a is not running', false],
    [saysContainerGone, 'all', 'Error response from daemon: No such container: orders-1', true],
    [
      saysContainerGone,
      '26',
      'Error response from daemon: can not get logs from container which is dead or marked for removal',
      true,
    ],
    [
      saysAlreadyDone,
      'all',
      'Error response from daemon: endpoint with name orders-1 already exists in network shop',
      true,
    ],
    [
      saysAlreadyDone,
      'all',
      'Error response from daemon: container 1a is not connected to network shop',
      true,
    ],
    [saysAlreadyDone, 'all', 'Error response from daemon: network shop not found', false],
    [
      saysExportedTwice,
      '28.5',
      'ERROR: failed to build: failed to solve: image "docker.io/acme/orders:k-1": already exists',
      true,
    ],
    [
      saysExportedTwice,
      'all',
      'ERROR: failed to build: failed to solve: process "/bin/sh -c mkdir a" did not complete successfully: exit code: 1',
      false,
    ],
    [
      saysNoAttestation,
      'cosign 2.5, none',
      'WARNING: Skipping tlog verification is an insecure practice.\nError: no matching attestations: \nerror during command execution: no matching attestations: ',
      true,
    ],
    [
      saysNoAttestation,
      'cosign 2.5, by another key',
      'Error: no matching attestations: accepted signatures do not match threshold, Found: 0, Expected 1',
      true,
    ],
    [
      saysNoAttestation,
      'cosign 2.5, copied from another image',
      'Error: no matching attestations: no matching subject digest found',
      true,
    ],
    [
      saysNoAttestation,
      'cosign 2.5, of another type',
      'Error: none of the attestations matched the predicate type: cyclonedx, found: https://cosign.sigstore.dev/attestation/v1',
      true,
    ],
    [
      saysNoAttestation,
      'cosign 3.1, only a signature',
      'Error: none of the attestations matched the predicate type: cyclonedx, found: https://sigstore.dev/cosign/sign/v1',
      true,
    ],
    [
      saysNoAttestation,
      'cosign 3.1, by another key',
      'Error: no matching attestations: failed to verify signature: could not verify envelope: accepted signatures do not match threshold, Found: 0, Expected 1\nfailed to verify signature',
      true,
    ],
    [
      saysNoAttestation,
      'cosign 2.5, a registry that answers 500',
      'Error: GET http://127.0.0.1:5998/v2/x/manifests/sha256-43b9.att: unexpected status code 500 Internal Server Error',
      false,
    ],
    [
      saysNoAttestation,
      'cosign 2.5, a login is missing',
      'Error: GET http://127.0.0.1:5998/v2/x/manifests/sha256-43b9.att: UNAUTHORIZED: authentication required',
      false,
    ],
    [
      saysNoAttestation,
      'cosign 2.5, no registry',
      'Error: Get "http://127.0.0.1:5999/v2/": dial tcp 127.0.0.1:5999: connect: connection refused',
      false,
    ],
    [
      saysNoAttestation,
      'cosign 2.5, no key',
      'Error: loading public key: open nope.pub: no such file or directory',
      false,
    ],
  ])('%o, %s: %s', (says, _, words, expected) => {
    expect(says(words)).toBe(expected);
  });
});

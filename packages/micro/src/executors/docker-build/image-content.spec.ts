import { describe, expect, it } from 'vitest';
import { failure, type Answer } from '../../testing/recording-runner';
import { recordedTask } from '../../testing/service-task';
import { readContent } from './image-content';
import { normaliseOptions, type DockerBuildOptions } from './options';

const AMD64 = 'linux/amd64';

const config = { Env: ['PATH=/bin'], Labels: { a: '1' } };
const layers = ['sha256:1', 'sha256:2'];

/** As `docker image inspect` has it: an engine adds names that say nothing. */
const local = (more: object = {}) => ({
  Id: 'sha256:id',
  RepoDigests: null,
  Size: 1,
  Os: 'linux',
  Architecture: 'amd64',
  RootFS: { Type: 'layers', Layers: layers },
  Config: { ...config, Hostname: '', Cmd: null },
  ...more,
});

/** As `docker buildx imagetools inspect` has it. */
const remote = (digest: string, more: object = {}) => ({
  manifest: { digest: `sha256:${digest.repeat(64)}` },
  image: {
    os: 'linux',
    architecture: 'amd64',
    config,
    rootfs: { type: 'layers', diff_ids: layers },
    ...more,
  },
});

/** An engine and a registry that have what they are given, by name. */
function having(
  engine: Record<string, object>,
  registry: Record<string, object> = {},
  refs: Record<string, string> = {},
): Answer {
  return (line, { file, args }) => {
    const name = args.at(-1)!;
    if (file === 'git') {
      const known = refs[args[3]!];
      return args[0] === 'ls-remote' && known
        ? { stdout: known }
        : failure('fatal: not found', 128);
    }
    if (line.includes('imagetools inspect')) {
      return registry[name]
        ? { stdout: JSON.stringify(registry[name]) }
        : failure('ERROR: x: not found');
    }
    return engine[name]
      ? { stdout: JSON.stringify(engine[name]) }
      : failure('Error response from daemon: No such image: x');
  };
}

async function keyOf(
  dockerfile: string,
  answer: Answer,
  options: DockerBuildOptions = {},
  target: readonly string[] = [AMD64],
  files: Readonly<Record<string, string>> = {},
) {
  const task = recordedTask({ 'apps/orders/Dockerfile': dockerfile, ...files }, answer);
  const normalised = normaliseOptions(options, task.service);
  const content = await readContent(
    task,
    normalised,
    { build: AMD64, target },
    `${task.workspaceRoot}/copy`,
  );
  return { key: content.key.key, isShared: content.isShared };
}

it('the key is the same with attestations, and differs by other arguments', async () => {
  const key = async (...args: string[]) =>
    (await keyOf('FROM scratch\n', having({}), { args })).key;
  expect(await key('--provenance=mode=max', '--attest', 'type=sbom')).toBe(await key());
  expect(await key('--network=host')).not.toBe(await key());
});

describe('the base image in the key', () => {
  const FROM = 'FROM base:1\n';
  const key = async (...all: Parameters<typeof having>) => (await keyOf(FROM, having(...all))).key;

  it('is the same from the engine and from the registry, whatever their digests', async () => {
    const here = await key({ 'base:1': local() });
    expect(await key({ 'base:1': local({ Id: 'sha256:other' }) })).toBe(here);
    expect(await key({}, { 'base:1': remote('a') })).toBe(here);
    expect(await key({}, { 'base:1': remote('b') })).toBe(here);
    const index = { ...remote('c'), image: { [AMD64]: remote('c').image } };
    expect(await key({}, { 'base:1': index })).toBe(here);
  });

  it('differs if a layer or the configuration does', async () => {
    const keys = await Promise.all([
      key({ 'base:1': local() }),
      key({ 'base:1': local({ RootFS: { Layers: ['sha256:1'] } }) }),
      key({ 'base:1': local({ Config: { ...config, User: 'node' } }) }),
      key({ 'base:1': local({ Architecture: 'arm64' }) }),
      key({}),
    ]);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('is that of the registry if the engine has the image for another platform', async () => {
    const registry = { 'base:1': remote('a') };
    expect(await key({ 'base:1': local({ Architecture: 'arm64' }) }, registry)).toBe(
      await key({}, registry),
    );
  });

  it.each([
    ['COPY --from', 'FROM scratch\nCOPY --from=base:1 / /\n', {}],
    ['a mount', 'FROM scratch\nRUN --mount=from=base:1,target=/x true\n', {}],
    ['the syntax', '# syntax=base:1\nFROM scratch\n', {}],
    ['the syntax by argument', 'FROM scratch\n', { buildArgs: { BUILDKIT_SYNTAX: 'base:1' } }],
    [
      'a named context',
      'FROM scratch\nCOPY --from=data / /\n',
      { contexts: { data: 'docker-image://base:1' } },
    ],
    [
      'a stage of the platform',
      'FROM other AS t-arm\nFROM base:1 AS t-amd64\nFROM t-$TARGETARCH\n',
      {},
    ],
  ])('counts by its content in %s', async (_, dockerfile, options) => {
    const one = await keyOf(dockerfile, having({}, { 'base:1': remote('a') }), options);
    const moved = remote('b', { rootfs: { diff_ids: ['sha256:3'] } });
    const other = await keyOf(dockerfile, having({}, { 'base:1': moved }), options);
    expect(other.key).not.toBe(one.key);
  });
});

describe('repositories in the key', () => {
  const ADD = 'FROM scratch\nADD https://example.com/x.git#main /x\n';
  const at = (commit: string) => having({}, {}, { main: `${commit}\trefs/heads/main\n` });

  it('count by the commit that a branch is at, which may move meanwhile', async () => {
    const one = await keyOf(ADD, at('a'.repeat(40)));
    expect(one.isShared).toBe(true);
    expect((await keyOf(ADD, at('a'.repeat(40)))).key).toBe(one.key);
    expect((await keyOf(ADD, at('b'.repeat(40)))).key).not.toBe(one.key);
  });

  it('are not asked if the commit is named', async () => {
    const named = ADD.replace('main', 'c'.repeat(40));
    expect(await keyOf(named, having({}))).toMatchObject({ isShared: false });
  });

  it('that cannot be read are a problem with its line, without a password', async () => {
    const secret = ADD.replace('https://', 'https://me:hunter2@');
    await expect(keyOf(secret, having({}))).rejects.toThrow(
      'apps/orders/Dockerfile:2: ADD https://example.com/x.git#main: git could not tell what "main" is (fatal: not found); write the commit instead of the branch',
    );
  });
});

describe('native packages of an artifact', () => {
  const DOCKERFILE = 'FROM scratch AS artifact\nFROM base:1\nCOPY --from=artifact /*/ /\n';
  const artifact = {
    'dist/apps/orders/app/main.js': '',
    'dist/apps/orders/app/package-lock.json': JSON.stringify({
      packages: {
        'node_modules/sharp': {
          optionalDependencies: { '@img/sharp-linux-x64': '1', '@img/sharp-linux-arm64': '1' },
        },
        'node_modules/@img/sharp-linux-arm64': {},
      },
    }),
  };
  const build = (target: readonly string[]) =>
    keyOf(DOCKERFILE, having({ 'base:1': local() }), {}, target, artifact);

  it('have to be there for each platform that is built for', async () => {
    await expect(build([AMD64])).rejects.toThrow(
      'package-lock.json has no package for linux/amd64 of "sharp", which the image needs: none of @img/sharp-linux-x64\n',
    );
    await expect(build(['linux/arm64'])).resolves.toMatchObject({ isShared: false });
  });
});

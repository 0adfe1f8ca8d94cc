import { describe, expect, it } from 'vitest';
import { failure, recordingRunner } from '../testing/recording-runner';
import { inspectImages, inspectRemoteImage, readEngineKind, runDocker } from './engine';

describe('inspectImages', () => {
  it('leaves out images that do not exist', async () => {
    const runner = recordingRunner((line) =>
      line.endsWith(' a')
        ? { stdout: '{"Id":"1","RepoTags":null,"RepoDigests":null,"Size":5}' }
        : failure('Error response from daemon: No such image: b:latest'),
    );
    expect(await inspectImages(runner, ['a', 'b'])).toEqual(
      new Map([
        ['a', { id: '1', labels: {}, tags: [], digests: [], size: { kind: 'unpacked', bytes: 5 } }],
      ]),
    );
  });

  it.each([
    ['overlay2', { GraphDriver: { Name: 'overlay2' } }, 'unpacked'],
    ['Docker 26 with the containerd store', { GraphDriver: { Name: 'overlayfs' } }, 'packed'],
    ['Docker 28', { Descriptor: { digest: 'x' }, GraphDriver: { Name: 'overlayfs' } }, 'packed'],
    ['Docker 28 without it', { Descriptor: null, GraphDriver: { Name: 'overlay2' } }, 'unpacked'],
    ['Docker 29', { Descriptor: { digest: 'x' } }, 'packed'],
  ])('says what kind of size the image store reports: %s', async (_, json, kind) => {
    const stdout = JSON.stringify({ Id: '1', RepoTags: null, RepoDigests: null, Size: 5, ...json });
    const images = await inspectImages(
      recordingRunner(() => ({ stdout })),
      ['a'],
    );
    expect(images.get('a')?.size).toEqual({ kind, bytes: 5 });
  });

  it('fails if the engine does not answer, instead of reporting that the image does not exist', async () => {
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
  ])('takes "%s" as: does not exist', async (stderr) => {
    expect(
      await inspectRemoteImage(
        recordingRunner(() => failure(stderr)),
        'r/a:1',
      ),
    ).toBeUndefined();
  });

  it('fails if the registry does not answer, instead of reporting that the image does not exist', async () => {
    const runner = recordingRunner(() => failure('dial tcp: connection refused'));
    await expect(inspectRemoteImage(runner, 'r/a:1')).rejects.toMatchObject({
      kind: 'no-registry',
    });
  });
});

it.each([
  ['1.45|Engine|containerd|runc', { api: '1.45', isPodman: false }],
  ['1.41|Podman Engine|Conmon|OCI Runtime (crun)|Engine', { api: '1.41', isPodman: true }],
])('readEngineKind: %s', async (stdout, kind) => {
  expect(
    await readEngineKind(
      recordingRunner(() => ({ stdout: `${stdout}\n` })),
      {},
    ),
  ).toEqual(kind);
});

it('runDocker passes variables and standard input, beside the arguments', async () => {
  const runner = recordingRunner();
  await runDocker(runner, ['login'], { host: 'h' }, 'x', { env: { A: 'b' }, stdin: 'secret' });
  expect(runner.commands).toEqual([
    { file: 'docker', args: ['--host', 'h', 'login'], env: { A: 'b' }, stdin: 'secret' },
  ]);
});

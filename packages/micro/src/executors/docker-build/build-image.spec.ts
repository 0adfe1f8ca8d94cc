import { existsSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { BuildReceipt } from '../../image/receipt';
import { failure, type Answer } from '../../testing/recording-runner';
import { recordedTask, type RecordedTask } from '../../testing/service-task';
import { writeFiles } from '../../testing/temporary-workspace';
import { buildImage } from './build-image';
import { LABELS } from '../../platform/image-labels';

const RECEIPT = 'dist/receipts/apps/orders/docker-build.json';
const files = {
  'apps/orders/Dockerfile':
    'FROM node:24 AS base\nFROM scratch AS artifact\nFROM base\nCOPY --from=artifact / /\n',
  'dist/apps/orders/main.js': 'hello',
  'environments/production.yml': 'registry: registry.example.com\n',
};

/** An engine that has the base image, and the service's from the moment it is built or pulled. */
function engine({ has = false, registry = '', build = undefined as ReturnType<Answer> } = {}) {
  let key = '';
  let there = has;
  const answer: Answer = (line, { args }) => {
    const labels = (name: string) => ({ [LABELS.key]: name });
    if (line.startsWith('docker version')) return { stdout: 'linux/amd64\n' };
    if (line.endsWith('node:24')) return { stdout: JSON.stringify({ Id: 'sha256:base', Size: 1 }) };
    if (line.startsWith('docker image inspect')) {
      key ||= line;
      return there
        ? {
            stdout: JSON.stringify({ Id: 'sha256:1', Size: 1000, Config: { Labels: labels(key) } }),
          }
        : failure('Error response from daemon: No such image: x');
    }
    if (line.includes('imagetools inspect')) {
      return registry === 'has'
        ? {
            stdout: JSON.stringify({
              manifest: { digest: `sha256:${'d'.repeat(64)}` },
              image: { config: { Labels: labels(key) } },
            }),
          }
        : failure(registry || 'ERROR: x: not found');
    }
    if (line.startsWith('docker buildx build')) {
      key = args.find((arg) => arg.startsWith(`${LABELS.key}=`))!.split('=')[1]!;
      there = !build;
      return build;
    }
    if (line.startsWith('docker pull')) there = true;
    return undefined;
  };
  return { answer, setKey: (value: string) => (key = value) };
}

const acts = ({ runner }: RecordedTask) =>
  runner.lines
    .filter((line) => !/inspect|^git|^docker version/.test(line))
    .map((line) => line.split(' ').slice(0, 3).join(' '));

describe('buildImage', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('streams the output of a verbose build without control characters', async () => {
    vi.stubEnv('NX_VERBOSE_LOGGING', 'true');
    const task = recordedTask(files, engine().answer);
    const { run } = task.runner;
    task.runner.run = (command, options) => {
      options?.onLine?.('#7 0.1 \x1b]0;owned\x07');
      return run(command, options);
    };
    await buildImage(task, {});
    expect(task.said).toContain('#7 0.1 \\x1b]0;owned\\x07');
  });

  it('builds again if an export collides with another one, and finally gives up', async () => {
    const met = failure(
      'ERROR: failed to build: failed to solve: image "docker.io/acme/orders:k-1": already exists',
    );
    const builds = ({ runner }: RecordedTask) =>
      runner.lines.filter((line) => line.startsWith('docker buildx build')).length;
    let left = 2;
    const { answer } = engine();
    const once = recordedTask(files, (line, command) => {
      const answered = answer(line, command);
      return line.startsWith('docker buildx build') && left-- > 0 ? met : answered;
    });
    await buildImage(once, {});
    expect(builds(once)).toBe(3);
    const always = recordedTask(files, engine({ build: met }).answer);
    await expect(buildImage(always, {})).rejects.toThrow('already exists');
    expect(builds(always)).toBe(5);
  });

  it('builds from a copy of the artifact, which is gone afterwards', async () => {
    const task = recordedTask(files, engine().answer);
    await buildImage(task, { labels: { [LABELS.key]: 'mine', team: 'a' }, buildArgs: { A: 'b' } });
    const build = task.runner.commands.find(({ args }) => args[1] === 'build')!;
    const context = build.args
      .find((arg) => arg.startsWith('artifact='))!
      .slice('artifact='.length);
    const { key } = JSON.parse(task.read(RECEIPT)!) as BuildReceipt;
    const image = `acme/orders:k-${key.slice(0, 32)}`;
    expect(build.args).toEqual([
      ...['buildx', 'build', '--build-arg', 'SOURCE_DATE_EPOCH=0', '--build-arg', 'A=b'],
      ...['--build-context', `artifact=${context}`, '--file', 'apps/orders/Dockerfile'],
      ...['--label', 'org.opencontainers.image.title=orders'],
      ...['--label', `${LABELS.key}=${key}`, '--label', 'team=a'],
      ...['--label', `${LABELS.service}=orders`],
      '--load',
      ...[
        '--platform',
        'linux/amd64',
        '--progress',
        'plain',
        '--tag',
        image,
        '--tag',
        'acme/orders:local',
        '.',
      ],
    ]);
    expect(existsSync(context)).toBe(false);
    expect(acts(task)).toEqual(['docker buildx build', `docker tag ${image}`]);
    expect(task.said[0]).toBe('orders  building (first build here)');
  });

  it('does nothing if the engine has the key, and does not rewrite the receipt', async () => {
    const machine = engine();
    const task = recordedTask(files, machine.answer);
    await buildImage(task, {});
    const text = task.read(RECEIPT);
    task.runner.lines.length = 0;
    await task.clock.sleep(1000);
    await buildImage(task, {});
    expect(acts(task).filter((line) => !line.startsWith('docker tag'))).toEqual([]);
    expect(task.read(RECEIPT)).toBe(text);
  });

  it('goes on without a registry that does not answer', async () => {
    const task = recordedTask(files, engine({ registry: 'dial tcp: connection refused' }).answer);
    await buildImage(task, { environment: 'production' });
    expect(task.said[0]).toMatch(/warning: Could not ask the registry .*going on without it/);
    expect(task.read(RECEIPT)).toBeDefined();
  });

  it("pushes only the registry's name if the build pushes", async () => {
    const task = recordedTask(files, engine().answer);
    await buildImage(task, { environment: 'production', push: true });
    const { args } = task.runner.commands.find(({ args: [, second] }) => second === 'build')!;
    const tags = args.filter((_, index) => args[index - 1] === '--tag');
    expect(tags).toEqual([expect.stringMatching(/^registry\.example\.com\/acme\/orders:k-/)]);
  });

  it.each<[string, Record<string, string>, Parameters<typeof buildImage>[1], RegExp]>([
    [
      'a Dockerfile that is missing',
      { 'apps/orders/Dockerfile': '' },
      { dockerfile: 'x/Dockerfile' },
      /^x\/Dockerfile is not there/,
    ],
    [
      'an artifact that is missing',
      {},
      { artifact: 'dist/none' },
      /^dist\/none is not there\. .* the executor @org\/micro:build puts the bundle of apps\/orders\/src\/main\.ts \("build\.entry" in apps\/orders\/service\.yml\).*run "nx g @org\/micro:containerize orders"/,
    ],
    [
      'a Dockerfile without FROM',
      { 'apps/orders/Dockerfile': 'FRM node\n' },
      {},
      /^apps\/orders\/Dockerfile: the Dockerfile has no FROM/,
    ],
    [
      'a base image that is no name',
      { 'apps/orders/Dockerfile': 'FROM Node:24\n' },
      {},
      /^apps\/orders\/Dockerfile:1: the base image "Node:24" is not an image reference/,
    ],
    [
      'all that is wrong with a Dockerfile',
      {
        'apps/orders/Dockerfile':
          'FROM node:${V}\nADD https://example.com/a /\nADD --checksum=sha256:ab https://example.com/b /\nCOPY --from=b/C /x /x\n',
      },
      {},
      /^3 problems .*\n {2}apps\/orders\/Dockerfile:1: the base image "node:\$\{V\}" has a variable without a value \(V\): give its ARG a default.*\n.*Dockerfile:2: ADD https:\/\/example\.com\/a has no checksum.*"ADD --checksum=sha256:<digits> …".*\n.*Dockerfile:4: the base image "b\/C" is not an image reference/,
    ],
    [
      'a context of an address',
      { 'apps/orders/Dockerfile': 'FROM scratch\nCOPY --from=data / /\n' },
      { contexts: { data: 'https://example.com/data.tar' } },
      /^apps\/orders\/Dockerfile: the context https:\/\/example\.com\/data\.tar may change/,
    ],
    [
      'an image that the hosts of the environment cannot run',
      { 'environments/live.yml': 'registry: r.example.com\nplatform: linux/amd64\n' },
      { environment: 'live', platforms: ['linux/arm64'] },
      /^environments\/live\.yml says that its hosts are linux\/amd64, but "platforms"/,
    ],
    [
      'a target that is missing',
      {},
      { target: 'prod' },
      /has no stage "prod"; it has base, artifact/,
    ],
    [
      'a secret file that is missing',
      {},
      { secrets: ['id=npmrc,src=.npmrc'] },
      /the secret "npmrc" comes from \.npmrc, which does not exist/,
    ],
    [
      'a secret variable that is empty',
      {},
      { secrets: ['id=t,env=MICRO_SPEC_TOKEN'] },
      /the variable MICRO_SPEC_TOKEN, which is not set/,
    ],
    [
      'a push without a registry',
      {},
      { push: true },
      /"push" needs an environment with a "registry"/,
    ],
    [
      'an environment that is incomplete',
      { 'environments/live.yml': 'images: pushed\n' },
      { environment: 'live' },
      /environments\/live\.yml is incomplete/,
    ],
    ['a tag that is none', {}, { tags: ['{nope}'] }, /unknown token {nope}/],
  ])('fails before building for %s', async (_, more, options, message) => {
    vi.stubEnv('MICRO_SPEC_TOKEN', '');
    const task = recordedTask({ ...files, ...more }, engine().answer);
    await expect(buildImage(task, options)).rejects.toThrow(message);
    expect(acts(task)).toEqual([]);
    expect(task.read(RECEIPT)).toBeUndefined();
  });

  it.each([
    ['DOCKER_DEFAULT_PLATFORM', 'linux/arm64', {}, undefined],
    ['the option', '', { platforms: ['linux/arm64'] }, undefined],
    ['the environment', 'linux/386', { environment: 'live' }, 'linux/arm64'],
  ])(
    'builds for the platform of %s, under a key of its own',
    async (_, variable, options, live) => {
      const all = {
        ...files,
        ...(live
          ? { 'environments/live.yml': `registry: r.example.com\nplatform: ${live}\n` }
          : {}),
      };
      const native = recordedTask(all, engine().answer);
      await buildImage(native, {});
      vi.stubEnv('DOCKER_DEFAULT_PLATFORM', variable);
      const task = recordedTask(all, engine().answer);
      await buildImage(task, options);
      expect(task.runner.lines.find((line) => line.includes('buildx build'))).toContain(
        ' --platform linux/arm64 ',
      );
      const receipt = JSON.parse(task.read(RECEIPT)!) as BuildReceipt;
      expect(receipt.platforms).toEqual(['linux/arm64']);
      expect(receipt.key).not.toBe((JSON.parse(native.read(RECEIPT)!) as BuildReceipt).key);
    },
  );

  it.each([
    ['its commit', 'FROM node:24\n', '1700000000'],
    ['none where commands may write it', 'FROM node:24\nARG SOURCE_DATE_EPOCH\n', '0'],
  ])('dates an image by %s, outside the key', async (_, dockerfile, epoch) => {
    const keys = new Set<string>();
    for (const time of ['1600000000', '1700000000']) {
      const { answer } = engine();
      const task = recordedTask(
        { ...files, 'apps/orders/Dockerfile': dockerfile },
        (line, command) =>
          line.startsWith('git show') ? { stdout: `${time}\n` } : answer(line, command),
      );
      await buildImage(task, {});
      keys.add((JSON.parse(task.read(RECEIPT)!) as BuildReceipt).key);
      if (time === '1700000000') {
        expect(task.runner.lines.join('\n')).toContain(`--build-arg SOURCE_DATE_EPOCH=${epoch} `);
      }
    }
    expect(keys.size).toBe(1);
  });

  it('never puts the value of a secret into a command', async () => {
    vi.stubEnv('MICRO_SPEC_TOKEN', 'hunter2');
    const task = recordedTask(files, engine().answer);
    await buildImage(task, { secrets: ['id=t,env=MICRO_SPEC_TOKEN'] });
    expect(JSON.stringify(task.runner.commands)).not.toContain('hunter2');
    expect(task.runner.lines.join('\n')).toContain('--secret id=t,env=MICRO_SPEC_TOKEN');
    expect(task.read(RECEIPT)).not.toContain('hunter2');
  });

  it('writes no receipt if the build fails', async () => {
    const task = recordedTask(
      files,
      engine({ build: failure('Dockerfile:4\n----------\nERROR: failed to solve: no') }).answer,
    );
    await expect(buildImage(task, {})).rejects.toThrow(
      /^apps\/orders\/Dockerfile:4 could not be built \(exit code 1\):\n/,
    );
    expect(task.read(RECEIPT)).toBeUndefined();
  });

  it('removes the name again if a file of the context changed meanwhile', async () => {
    const machine = engine();
    const task = recordedTask(
      { ...files, 'apps/orders/Dockerfile': 'FROM node:24\nCOPY motd.txt /\n', 'motd.txt': 'one' },
      (line, command) => {
        if (line.startsWith('docker buildx build'))
          writeFiles(task.workspaceRoot, { 'motd.txt': 'two' });
        return machine.answer(line, command);
      },
    );
    await expect(buildImage(task, {})).rejects.toThrow(
      'context/motd.txt changed while orders was built: run this again',
    );
    expect(acts(task)).toEqual(['docker buildx build', 'docker image rm']);
    expect(task.read(RECEIPT)).toBeUndefined();
  });
});

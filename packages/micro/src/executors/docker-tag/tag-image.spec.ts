import { afterEach, describe, expect, it, vi } from 'vitest';
import { LABELS } from '../../platform/image-labels';
import { BUILD_RECEIPT } from '../../testing/build-receipt';
import { failure, type Answer } from '../../testing/recording-runner';
import { recordedTask } from '../../testing/service-task';
import { tagImage, type DockerTagOptions } from './tag-image';

const KEY = 'a'.repeat(64);
const DIGEST = `sha256:${'d'.repeat(64)}`;
const REPOSITORY = 'registry.example.com/team/acme/orders';
const RECEIPT = 'dist/receipts/apps/orders/docker-tag.production.json';
const HEAD = 'c'.repeat(40);
const SCHEMA2 = 'application/vnd.docker.distribution.manifest.v2+json';

const files = {
  'environments/production.yml': 'registry: registry.example.com/team\n',
  'dist/receipts/apps/orders/docker-build.json': JSON.stringify(BUILD_RECEIPT),
};

interface Remote {
  key: string;
  digest?: string;
  mediaType?: string;
}

interface World {
  /** What the registry has, by tag; the image itself is there. */
  registry?: Record<string, Remote>;
  /** `orders@1.4.0 <commit>`, by tag. */
  gitTags?: Record<string, string>;
  reached?: string[];
  shallow?: boolean;
  more?: Answer;
}

/** A repository, an engine with the image, and a registry that keeps what it is given. */
function world({
  registry = {},
  gitTags = {},
  reached,
  shallow = false,
  more,
}: World = {}): Answer {
  const remote: Record<string, Remote> = {
    [`k-${'a'.repeat(32)}`]: { key: KEY },
    [DIGEST]: { key: KEY, mediaType: SCHEMA2 },
    ...registry,
  };
  return (line, command) => {
    const answer = more?.(line, command);
    if (answer) return answer;
    if (line.startsWith('git for-each-ref') && line.includes('--merged')) {
      return { stdout: (reached ?? Object.keys(gitTags)).join('\n') };
    }
    if (line.startsWith('git for-each-ref')) {
      const lines = Object.entries(gitTags).map(([tag, commit]) => `${tag} ${commit} `);
      return { stdout: lines.join('\n') };
    }
    if (line.startsWith('git rev-parse --verify')) return { stdout: `${HEAD}\n` };
    if (line.startsWith('git rev-parse --is-shallow')) return { stdout: `${shallow}\n` };
    if (line.startsWith('docker image inspect')) {
      const Labels = { [LABELS.key]: KEY };
      return { stdout: JSON.stringify({ Id: 'sha256:1', Size: 1, Config: { Labels } }) };
    }
    if (line.startsWith('docker buildx imagetools inspect')) {
      const reference = command.args.at(-1)!;
      const there = remote[reference.split(reference.includes('@') ? '@' : ':').at(-1)!];
      if (!there) return failure(`ERROR: ${reference}: not found`);
      const { key, digest = DIGEST, mediaType } = there;
      return {
        stdout: JSON.stringify({
          manifest: { digest, mediaType },
          image: { config: { Labels: { [LABELS.key]: key } } },
        }),
      };
    }
    const target = /imagetools create .*--tag \S+:(\S+)|^docker push \S+:(\S+)/.exec(line);
    if (target) remote[(target[1] ?? target[2])!] = { key: KEY };
    return undefined;
  };
}

const run = (task: ReturnType<typeof recordedTask>, options: DockerTagOptions = {}) =>
  tagImage(
    task,
    { environment: 'production', ...options },
    { gitTag: { before: 'orders@', after: '' }, push: {} },
  );
const released = (newVersion: string | null): DockerTagOptions => ({
  nxReleaseVersionData: { orders: { newVersion } },
});
const changes = (lines: readonly string[]) =>
  lines.filter((line) => /^docker (?:tag|push|pull|buildx imagetools create)/.test(line));
const copy = (tag: string) =>
  `docker buildx imagetools create --prefer-index=false --tag ${REPOSITORY}:${tag} ${REPOSITORY}@${DIGEST}`;

afterEach(() => vi.unstubAllEnvs());

describe('tagImage', () => {
  it('tags the digest that is there, the version last, and builds and pushes nothing', async () => {
    const task = recordedTask(files, world());
    await run(task, released('1.4.0'));
    expect(changes(task.runner.lines)).toEqual([copy('1'), copy('1.4'), copy('1.4.0')]);
    expect(JSON.parse(task.read(RECEIPT)!)).toMatchObject({
      kind: 'docker-tag',
      version: '1.4.0',
      digest: DIGEST,
      key: KEY,
      tags: ['1.4.0', '1.4', '1'],
    });
    await run(task, released('1.4.0'));
    expect(changes(task.runner.lines)).toHaveLength(3);
    expect(task.said.at(-1)).toMatch(/up to date/);
  });

  it('pushes an image that is not there yet, by the options of docker-push', async () => {
    const registry = { [`k-${'a'.repeat(32)}`]: undefined as never };
    const pushes: Answer = (line) =>
      line.startsWith('docker push') ? { stdout: `k: digest: ${DIGEST} size: 1\n` } : undefined;
    const task = recordedTask(files, world({ registry, more: pushes }));
    await run(task, released('1.4.0'));
    expect(changes(task.runner.lines).slice(1, 3)).toEqual([
      `docker push ${REPOSITORY}:k-${'a'.repeat(32)}`,
      copy('1'),
    ]);
  });

  it.each<[string, World, RegExp]>([
    ['has no version', {}, /no new version.*it has no version yet/],
    [
      'was released before, and not now',
      { gitTags: { 'orders@1.3.0': 'b' }, registry: { '1.3.0': { key: 'other' } } },
      /no new version.*orders:1\.3\.0 is there; what changed since then is not released/,
    ],
  ])('leaves a service alone that %s', async (_, given, says) => {
    const task = recordedTask(files, world(given));
    await run(task);
    expect(changes(task.runner.lines)).toEqual([]);
    expect(task.said.join('\n')).toMatch(says);
    expect(task.read(RECEIPT)).toBeUndefined();
  });

  it('leaves a service alone that this run of nx release did not version', async () => {
    const gitTags = { 'orders@1.3.0': HEAD };
    const task = recordedTask(files, world({ gitTags }));
    await run(task, released(null));
    expect(changes(task.runner.lines)).toEqual([]);
    expect(task.runner.lines.filter((line) => line.startsWith('docker'))).toEqual([]);
  });

  it('takes the version of the commit, and leaves 1 on a later version', async () => {
    const gitTags = { 'orders@1.3.5': HEAD, 'orders@1.4.0': 'b', 'users@9.0.0': HEAD };
    const task = recordedTask(files, world({ gitTags, reached: ['orders@1.3.5'] }));
    await run(task);
    expect(changes(task.runner.lines)).toEqual([copy('1.3'), copy('1.3.5')]);
    expect(task.said.join('\n')).toContain('orders  1 stays on 1.4.0');
  });

  it('moves 1.4 and 1, and never 1.4.0', async () => {
    const other = { key: 'b'.repeat(64), digest: `sha256:${'e'.repeat(64)}` };
    const moved = recordedTask(files, world({ registry: { '1': other, '1.4': other } }));
    await run(moved, released('1.4.1'));
    expect(changes(moved.runner.lines)).toEqual([copy('1'), copy('1.4'), copy('1.4.1')]);
    const refused = recordedTask(files, world({ registry: { '1.4.1': other } }));
    await expect(run(refused, released('1.4.1'))).rejects.toThrow(
      `${REPOSITORY}:1.4.1 is not moved: it names other content (${other.digest})`,
    );
    expect(changes(refused.runner.lines)).toEqual([]);
  });

  it.each<[string, World, DockerTagOptions, RegExp]>([
    [
      'a version was never tagged and other commits followed',
      { gitTags: { 'orders@1.3.0': 'b' } },
      {},
      /has no 1\.3\.0, and what is checked out is later.*check "orders@1\.3\.0" out/,
    ],
    ['a clone is shallow', { shallow: true }, {}, /shallow clone: fetch the history and the tags/],
    ['it is no version', {}, { version: '1.4' }, /"1\.4" is not a version/],
    ['there is no environment', {}, { environment: undefined }, /no environment given/],
    [
      'git fails',
      { more: (line) => (line.startsWith('git') ? failure('not a git repository') : undefined) },
      {},
      /git could not tell the versions.*not a git repository/,
    ],
  ])('says what to do if %s', async (_, given, options, message) => {
    const task = recordedTask(files, world(given));
    await expect(run(task, options)).rejects.toThrow(message);
    expect(changes(task.runner.lines)).toEqual([]);
  });

  it.each(['option', 'variable'])('changes nothing in a dry run, by %s', async (by) => {
    if (by === 'variable') vi.stubEnv('NX_DRY_RUN', 'true');
    const task = recordedTask(files, world({ registry: { '1': { key: 'b' } } }));
    await run(task, { ...released('1.4.0'), ...(by === 'option' ? { dryRun: true } : {}) });
    expect(changes(task.runner.lines)).toEqual([]);
    expect(task.said.join('\n')).toMatch(/would push.*nothing.*\n.*would tag.*1\.4\.0, 1\.4, 1 /);
    expect(task.read(RECEIPT)).toBeUndefined();
  });

  describe('with a buildx that is older than 0.15', () => {
    const old: Answer = (line) =>
      line.includes('--prefer-index') ? failure('ERROR: unknown flag: --prefer-index') : undefined;
    const options = { ...released('1.4.0'), tags: ['{version}'] };

    it.each([
      [
        SCHEMA2,
        [
          `docker pull --quiet ${REPOSITORY}@${DIGEST}`,
          `docker tag ${REPOSITORY}@${DIGEST} ${REPOSITORY}:1.4.0`,
          `docker push ${REPOSITORY}:1.4.0`,
        ],
      ],
      [
        'application/vnd.oci.image.index.v1+json',
        [`docker buildx imagetools create --tag ${REPOSITORY}:1.4.0 ${REPOSITORY}@${DIGEST}`],
      ],
    ])('keeps the digest of %s', async (mediaType, lines) => {
      const registry = { [DIGEST]: { key: KEY, mediaType } };
      const task = recordedTask(files, world({ registry, more: old }));
      await run(task, options);
      expect(changes(task.runner.lines).slice(1)).toEqual(lines);
    });

    it('says to update it if the digest would change', async () => {
      const mediaType = 'application/vnd.oci.image.manifest.v1+json';
      const registry = { [DIGEST]: { key: KEY, mediaType } };
      const task = recordedTask(files, world({ registry, more: old }));
      await expect(run(task, options)).rejects.toThrow('buildx is older than 0.15');
      expect(task.read(RECEIPT)).toBeUndefined();
    });
  });

  it('fails if the tag names another digest afterwards', async () => {
    const wrapping: Answer = (line) =>
      line.includes('inspect') && line.endsWith(`${REPOSITORY}:1`)
        ? {
            stdout: JSON.stringify({
              manifest: { digest: 'sha256:wrapped' },
              image: { config: { Labels: {} } },
            }),
          }
        : undefined;
    const task = recordedTask(files, world({ more: wrapping }));
    await expect(run(task, released('1.4.0'))).rejects.toThrow(
      `${REPOSITORY}:1 should name ${DIGEST}, and the registry says sha256:wrapped`,
    );
  });
});

import { describe, expect, it } from 'vitest';
import { fillTag } from '../image/tags';
import { gitTagPattern, versionOfGitTag, type ReleaseConfig } from './git-tag-pattern';
import { namesProject } from './project-patterns';
import { releasedVersion, type TaggedVersion } from './released-version';
import { compareVersions, parseVersion, type Version } from './version';
import { VERSION_TAGS, versionTags } from './version-tags';

const version = (text: string): Version => parseVersion(text)!;
const versions = (...texts: string[]) => texts.map(version);

describe('parseVersion', () => {
  it.each(['1.4', 'v1.4.0', '01.2.3', '1.2.3.4', '', 'latest'])('refuses %j', (text) => {
    expect(parseVersion(text)).toBeUndefined();
  });

  it('orders by number, and prereleases before their version', () => {
    const sorted = versions('1.10.0', '1.9.0', '1.9.0-beta.10', '1.9.0-beta.2', '0.20.1');
    expect(sorted.sort(compareVersions).map(({ text }) => text)).toEqual([
      '0.20.1',
      '1.9.0-beta.2',
      '1.9.0-beta.10',
      '1.9.0',
      '1.10.0',
    ]);
  });

  it('orders prereleases as semver.org says, point 11: numbers before words, fewer parts before more', () => {
    const inOrder = ['alpha', 'alpha.1', 'alpha.beta', 'beta', 'beta.2', 'beta.11', 'rc.1'];
    const texts = [...inOrder.map((part) => `1.0.0-${part}`), '1.0.0'];
    const sorted = versions(...texts.toReversed()).sort(compareVersions);
    expect(sorted.map(({ text }) => text)).toEqual(texts);
  });
});

describe('versionTags', () => {
  const fill = (template: string, { text }: Version) =>
    fillTag(template, { key: 'k', version: text });

  it.each<[string, string[], string[], string[]]>([
    ['1.4.0', [], ['1.4.0', '1.4', '1'], []],
    ['1.4.0', ['1.3.9', '0.9.0', '1.4.0'], ['1.4.0', '1.4', '1'], []],
    ['1.3.10', ['1.3.9', '1.4.0'], ['1.3.10', '1.3'], ['1 by 1.4.0']],
    ['1.4.2', ['1.4.10', '2.0.0'], ['1.4.2'], ['1.4 by 1.4.10', '1 by 1.4.10']],
    ['1.5.0-beta.1', ['1.4.0'], ['1.5.0-beta.1'], ['1.5 by undefined', '1 by 1.4.0']],
    ['1.4.0', ['1.5.0-beta.1'], ['1.4.0', '1.4', '1'], []],
    ['1.4.0', ['10.0.0', '1.40.0'], ['1.4.0', '1.4'], ['1 by 1.40.0']],
  ])('%s beside %j gets %j', (text, others, tags, kept) => {
    const result = versionTags(VERSION_TAGS, version(text), versions(...others), fill);
    expect(result.tags.map(({ tag }) => tag)).toEqual(tags);
    expect(result.kept.map(({ tag, by }) => `${tag} by ${by}`)).toEqual(kept);
  });

  it('gives a tag without a version to the highest one', () => {
    const tags = (text: string) =>
      versionTags(['v{version}', 'latest'], version(text), versions('2.0.0'), fill).tags;
    expect(tags('1.9.9')).toEqual([{ tag: 'v1.9.9', immutable: true }]);
    expect(tags('2.0.1').map(({ tag }) => tag)).toEqual(['v2.0.1', 'latest']);
  });
});

describe('gitTagPattern', () => {
  const isOf = (projects: readonly string[]) => projects.includes('orders');
  it.each<[ReleaseConfig, string]>([
    [{}, 'v1.4.0'],
    [{ projectsRelationship: 'independent' }, 'orders@1.4.0'],
    [{ releaseTag: { pattern: 'release/{version}' } }, 'release/1.4.0'],
    [{ releaseTagPattern: '{projectName}/v{version}' }, 'orders/v1.4.0'],
    [
      {
        releaseTag: { pattern: '{version}' },
        groups: {
          packages: { projects: ['packages/*'] },
          apps: { projects: 'orders', releaseTag: { pattern: '{releaseGroupName}-{version}-x' } },
        },
      },
      'apps-1.4.0-x',
    ],
    [
      {
        releaseTag: { pattern: '{version}' },
        groups: { apps: { projects: ['orders'], projectsRelationship: 'independent' } },
      },
      'orders@1.4.0',
    ],
  ])('%j names %s', (config, tag) => {
    expect(versionOfGitTag(gitTagPattern(config, 'orders', isOf), tag)?.text).toBe('1.4.0');
  });

  it('takes no tag of another project or form', () => {
    const pattern = gitTagPattern({ projectsRelationship: 'independent' }, 'orders', isOf);
    const tags = ['users@1.0.0', 'my-orders@1.0.0', 'orders@1.0', 'orders@1.0.0-', 'orders@next'];
    expect(tags.map((tag) => versionOfGitTag(pattern, tag))).toEqual(tags.map(() => undefined));
  });
});

it.each<[string[], boolean]>([
  [['orders'], true],
  [['ord*'], true],
  [['users'], false],
  [['*'], true],
  [['*', '!orders'], false],
  [['!users'], true],
  [['!orders'], false],
  [['apps/*'], true],
  [['directory:apps/*', '!tag:micro:service'], false],
  [['tag:micro:service'], true],
  [['tag:other'], false],
  [[], false],
])('%j names the service: %s', (patterns, expected) => {
  const project = { name: 'orders', root: 'apps/orders', tags: ['micro:service'] };
  expect(namesProject(patterns, project)).toBe(expected);
});

describe('releasedVersion', () => {
  const tagged = (text: string, commit: string, isReached = true): TaggedVersion => ({
    ...version(text),
    tag: `orders@${text}`,
    commit,
    isReached,
  });
  const all = [tagged('1.9.0', 'a'), tagged('1.10.0', 'b'), tagged('2.0.0', 'elsewhere', false)];
  it.each([
    ['a', 'here', '1.9.0'],
    ['b', 'here', '1.10.0'],
    ['c', 'earlier', '1.10.0'],
  ])('of commit %s is %s %s', (head, kind, text) => {
    expect(releasedVersion(all, head)).toMatchObject({ kind, version: { text } });
  });

  it('is none without a tag before the commit', () => {
    expect(releasedVersion([], 'a')).toEqual({ kind: 'none' });
    expect(releasedVersion([tagged('2.0.0', 'elsewhere', false)], 'a')).toEqual({ kind: 'none' });
  });
});

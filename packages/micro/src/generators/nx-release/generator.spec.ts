import { readNxJson, updateJson, type NxJsonConfiguration, type Tree } from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { treeFiles } from '../../testing/tree-files';
import { nxReleaseGenerator } from './generator';

const SERVICES = {
  projects: ['tag:micro:service'],
  projectsRelationship: 'independent',
  version: { conventionalCommits: true },
  changelog: { file: '{projectRoot}/CHANGELOG.md' },
  releaseTag: { pattern: '{projectName}@{version}' },
};

let tree: Tree;
const options = { environment: 'production' };
const setRelease = (release: object) =>
  updateJson(tree, 'nx.json', (json: NxJsonConfiguration) => ({ ...json, release }));

beforeEach(() => {
  tree = createTreeWithEmptyWorkspace({ formatter: 'none' });
  tree.write('environments/production.yml', 'registry: registry.example.com/acme\n');
  tree.write('environments/development.yml', 'engine: compose\n');
});

describe('nx-release', () => {
  it('makes a group of all services, and says where their images are', async () => {
    await nxReleaseGenerator(tree, options);
    expect(readNxJson(tree)).toMatchObject({
      release: {
        groups: { services: SERVICES },
        changelog: { workspaceChangelog: false, automaticFromRef: true },
      },
      targetDefaults: { '@org/micro:docker-tag': { options: { environment: 'production' } } },
    });
  });

  it('keeps what a person changed when it runs again', async () => {
    await nxReleaseGenerator(tree, options);
    updateJson(tree, 'nx.json', (json: NxJsonConfiguration) => {
      const { services, ...others } = json.release!.groups!;
      const mine = { ...services!, releaseTag: { pattern: 'v-{projectName}-{version}' } };
      return {
        ...json,
        release: {
          groups: { ...others, mine },
          changelog: { workspaceChangelog: true, automaticFromRef: false },
        },
      };
    });
    const edited = treeFiles(tree);
    await nxReleaseGenerator(tree, { environment: 'production' });
    expect(treeFiles(tree)).toEqual(edited);
  });

  it('leaves the groups of other projects alone', async () => {
    const packages = { projects: ['packages/*'] };
    setRelease({ groups: { packages, services: { projects: ['other'] } } });
    await nxReleaseGenerator(tree, options);
    expect(readNxJson(tree)!.release!.groups).toEqual({
      packages,
      services: { projects: ['other'] },
      'micro-services': SERVICES,
    });
  });

  it.each([
    ['a configuration without groups', { projects: ['packages/*'] }, options, /Move "projects"/],
    ['an unknown environment', {}, { environment: 'live' }, /choose from development, production/],
    ['no registry', {}, { environment: 'development' }, /development\.yml has no registry/],
  ])('refuses %s, and writes nothing', async (_, release, given, message) => {
    setRelease(release);
    const before = treeFiles(tree);
    await expect(nxReleaseGenerator(tree, given)).rejects.toThrow(message);
    expect(treeFiles(tree)).toEqual(before);
  });
});

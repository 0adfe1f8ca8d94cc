import { addProjectConfiguration, readJson, writeJson, type Tree } from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { treeFiles } from '../../testing/tree-files';
import { syncWorkspace } from '../sync/sync-workspace';
import { containerizeGenerator } from './generator';

const DOCKERFILE = `FROM node:24
COPY . .
EXPOSE 4000
CMD ["node", "server.js"]
`;

let tree: Tree;
const text = (path: string) => tree.read(path, 'utf8') ?? '';

function addApp(files: Record<string, string>, packageJson: object = {}): void {
  writeJson(tree, 'apps/shop/package.json', { name: 'shop', ...packageJson });
  for (const [path, content] of Object.entries(files)) tree.write(`apps/shop/${path}`, content);
}

beforeEach(() => {
  tree = createTreeWithEmptyWorkspace({ formatter: 'none' });
  writeJson(tree, 'package.json', { name: '@acme/source', workspaces: ['apps/*'] });
});

describe('containerize', () => {
  it('makes a service of an app, and overwrites nothing', async () => {
    addApp({ 'server.js': 'app.listen(process.env.PORT)\n', 'README.md': '# Shop\n' });
    const before = treeFiles(tree);
    await containerizeGenerator(tree, {
      project: 'shop',
      routes: '/api/shop',
      datastores: 'redis',
    });
    const after = treeFiles(tree);
    for (const [path, content] of Object.entries(before)) {
      if (path.startsWith('apps/shop/')) expect(after[path], path).toBe(content);
    }
    expect(Object.keys(after).filter((path) => path.startsWith('apps/shop/'))).toEqual(
      expect.arrayContaining([
        'apps/shop/.serve.env',
        'apps/shop/Dockerfile',
        'apps/shop/Dockerfile.dockerignore',
        'apps/shop/compose.yaml',
        'apps/shop/service.yml',
      ]),
    );
    expect(after['apps/shop/service.yml']).toBe(
      `# yaml-language-server: $schema=../../node_modules/@org/micro/schemas/service.schema.json
kind: service
port: 3001
datastores:
  cache: redis
expose: public
routes: [/api/shop]
build:
  entry: server.js
`,
    );
    expect(after['apps/shop/Dockerfile']).toContain('micro build apps/shop');
    expect(after['compose.yaml']).toContain('apps/shop/compose.yaml');
    expect(syncWorkspace(tree)).toEqual([]);
  });

  it("keeps the app's own Dockerfile, and uses the port that it exposes", async () => {
    addApp({ 'index.js': '', Dockerfile: DOCKERFILE }, { scripts: { build: 'tsc' } });
    const packageJson = text('apps/shop/package.json');
    await containerizeGenerator(tree, { project: 'apps/shop/' });
    expect(text('apps/shop/Dockerfile')).toBe(DOCKERFILE);
    expect(text('apps/shop/service.yml')).toContain('port: 4000\nbuild:\n  entry: index.js\n');
    // Its image builds for itself.
    expect(text('apps/shop/package.json')).toBe(packageJson);
  });

  it('leaves its own build alone, and adds a target for the bundle', async () => {
    addApp({ 'src/main.ts': '' }, { scripts: { build: 'tsc' } });
    await containerizeGenerator(tree, { project: 'shop' });
    expect(readJson(tree, 'apps/shop/package.json')).toMatchObject({
      scripts: { build: 'tsc' },
      nx: {
        targets: {
          bundle: {
            executor: '@org/micro:build',
            cache: true,
            outputs: ['{workspaceRoot}/dist/apps/shop', '{workspaceRoot}/dist/sboms/apps/shop'],
          },
          'docker-build': { dependsOn: ['bundle'] },
        },
      },
    });
  });

  it('does so in project.json if there is one', async () => {
    addProjectConfiguration(tree, 'shop', {
      root: 'apps/shop',
      targets: { build: { executor: '@nx/esbuild:esbuild' } },
    });
    tree.write('apps/shop/src/main.ts', '');
    await containerizeGenerator(tree, { project: 'shop' });
    expect(readJson(tree, 'apps/shop/project.json')).toMatchObject({
      targets: {
        build: { executor: '@nx/esbuild:esbuild' },
        bundle: { executor: '@org/micro:build' },
        'docker-build': { dependsOn: ['bundle'] },
      },
    });
  });

  it('changes nothing when it runs again after a person has edited the files', async () => {
    addApp({ 'src/main.ts': '' }, { scripts: { build: 'tsc' } });
    await containerizeGenerator(tree, { project: 'shop' });
    tree.write('apps/shop/service.yml', `# ours\n${text('apps/shop/service.yml')}replicas: 2\n`);
    tree.write('apps/shop/Dockerfile', `${text('apps/shop/Dockerfile')}LABEL ours=yes\n`);
    writeJson(tree, 'apps/shop/package.json', {
      ...readJson<object>(tree, 'apps/shop/package.json'),
      nx: { targets: { bundle: { executor: 'nx:noop' }, 'docker-build': { dependsOn: [] } } },
    });
    syncWorkspace(tree);
    const edited = treeFiles(tree);
    await containerizeGenerator(tree, { project: 'shop', port: 4444 });
    expect(treeFiles(tree)).toEqual(edited);
  });

  it('makes the Dockerfile that a service lacks', async () => {
    addApp({ 'server.js': '', 'service.yml': 'port: 3007\nbuild: { entry: server.js }\n' });
    await containerizeGenerator(tree, { project: 'shop' });
    expect(text('apps/shop/service.yml')).toBe('port: 3007\nbuild: { entry: server.js }\n');
    expect(text('apps/shop/Dockerfile')).toContain('PORT=3007');
  });

  it.each([
    [{ project: 'shp' }, /^"shp" is not a project of this workspace; did you mean "shop"\?$/],
    [
      { project: 'shop' },
      /^No file in apps\/shop has a usual name of an entry, .*: name the one that starts the app with --entry$/,
    ],
    [
      { project: 'shop', entry: 'start.js', port: 80, consumes: 'users' },
      /^There is no apps\/shop\/start\.js\n80 is not a port .*\n"users" is not a service of this platform$/,
    ],
    [
      { project: 'shop', entry: '../../x.js' },
      /^--entry=\.\.\/\.\.\/x\.js is not below apps\/shop$/,
    ],
  ])('refuses %j with every reason, and writes nothing', async (schema, message) => {
    addApp({ 'lib/other.js': '' });
    const before = treeFiles(tree);
    await expect(containerizeGenerator(tree, schema)).rejects.toThrow(message);
    expect(treeFiles(tree)).toEqual(before);
  });
});

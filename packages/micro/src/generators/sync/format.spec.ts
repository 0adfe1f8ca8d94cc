import { type Tree, updateJson, writeJson } from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { check, type Options } from 'prettier';
import { beforeAll, describe, expect, it } from 'vitest';
import { linksModuleFile } from '../../discovery/links-module';
import { treeFiles } from '../../testing/tree-files';
import { connectGenerator } from '../connect/generator';
import { eventGenerator } from '../event/generator';
import { serviceGenerator } from '../service/generator';
import { syncGenerator } from './generator';
import { syncWorkspace } from './sync-workspace';

const NX: Options = { singleQuote: true };
const OTHER: Options = {
  semi: false,
  printWidth: 140,
  arrowParens: 'avoid',
  quoteProps: 'consistent',
  trailingComma: 'none',
  useTabs: true,
  bracketSpacing: false,
};

async function platformFormattedBy(options: Options): Promise<Tree> {
  const tree = createTreeWithEmptyWorkspace({ formatter: 'prettier' });
  writeJson(tree, '.prettierrc', options);
  updateJson(tree, 'package.json', (json: object) => ({ ...json, name: '@acme/source' }));
  await serviceGenerator(tree, { name: 'orders', datastores: 'postgres', broker: 'rabbitmq' });
  await serviceGenerator(tree, { name: 'user-accounts', auth: 'service-keys' });
  await serviceGenerator(tree, { name: 'mailer', kind: 'worker', datastores: 'mariadb' });
  await serviceGenerator(tree, { name: 'gateway', kind: 'gateway', consumes: 'orders' });
  await connectGenerator(tree, { consumer: 'orders', provider: 'user-accounts' });
  for (const name of ['order.placed', 'order.payment-failed-for-good', 'order.cancelled']) {
    await eventGenerator(tree, {
      name,
      publisher: 'orders',
      subscribers: 'mailer,gateway',
      fields: 'aLongName:string,anotherLongName:string,aThirdLongName:string,theLast?:date-time',
    });
  }
  return tree;
}

const sync = (tree: Tree) =>
  syncGenerator(tree, {}, () => Promise.resolve({ nodes: {}, dependencies: {} }));

describe.each([
  ['the settings that Nx gives a new workspace', NX],
  ['settings of its own', OTHER],
])('a workspace whose Prettier has %s', (_, options) => {
  let tree: Tree;

  beforeAll(async () => {
    tree = await platformFormattedBy(options);
  }, 120_000);

  it('gets every module in its own format, and nx sync finds nothing to do', async () => {
    const modules = Object.entries(treeFiles(tree)).filter(([path]) => path.endsWith('.ts'));
    const foreign: string[] = [];
    for (const [path, text] of modules) {
      if (!(await check(text, { ...options, filepath: path }))) foreign.push(path);
    }
    expect(modules.length).toBeGreaterThan(30);
    expect(foreign).toEqual([]);
    expect(syncWorkspace(tree)).toEqual([]);
  });

  it('gets modules in its own format from nx sync too, and other files as they were', async () => {
    const before = treeFiles(tree);
    const derived = Object.keys(before).filter((path) =>
      /src\/(?:links|callers|resources|subscriptions|provider-routes)\.ts$/.test(path),
    );
    expect(derived).toContain(linksModuleFile({ root: 'apps/orders' }));
    expect(derived.length).toBeGreaterThanOrEqual(10);
    for (const path of derived) tree.delete(path);
    const compose = 'apps/orders/compose.yaml';
    const edited = before[compose]!.replace('PORT: ', 'MY_OWN:    "x"\n      PORT: ');
    expect(edited).not.toBe(before[compose]);
    tree.write(compose, edited);

    expect(await sync(tree)).toBeDefined();
    expect(treeFiles(tree)).toEqual({ ...before, [compose]: edited });
    expect(await sync(tree)).toBeUndefined();
  });
});

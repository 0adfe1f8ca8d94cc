import type { ExecutorContext } from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { ROOT } from '../../../../../tools/generated/file';
import { describeBrowser } from '../../../../../tools/testing/describe-browser';
import { freePort } from '../../../../../tools/testing/free-port';
import { serviceGenerator } from '../../generators/service/generator';
import { temporaryWorkspace } from '../../testing/temporary-workspace';
import { treeFiles } from '../../testing/tree-files';
import serveExecutor from './executor';

describeBrowser('the page to try queries', (browser) => {
  it('runs a query with nx serve, and asks no other server for anything', async () => {
    const url = await serve('catalog');
    const page = await browser().newPage({ viewport: { width: 1280, height: 720 } });
    onTestFinished(() => page.close());
    const complaints: string[] = [];
    const asked: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('request', (request) => asked.push(request.url()));

    await page.goto(`${url}/graphql`);
    await page.locator('.query-editor__input .cm-content').first().click();
    await page.keyboard.press('Control+A');
    await page.keyboard.insertText('{ catalogItem(id: "2") { name } }');
    await page.getByRole('button', { name: 'Send Request' }).click();
    await page.getByText('"Second item of catalog"').waitFor();
    // It asked by itself what the schema consists of.
    await page.getByText('Docs', { exact: true }).click();
    await page.locator('app-doc-viewer').getByText('Query', { exact: true }).click();
    await page.locator('app-doc-viewer').getByText('catalogItems').first().waitFor();

    expect(complaints).toEqual([]);
    expect(asked).toContain(`${url}/graphql/page/main.js`);
    const elsewhere = asked.filter((one) => !one.startsWith(`${url}/graphql`));
    expect(elsewhere.filter((one) => !/^(?:data|blob):/.test(one))).toEqual([]);
  });
});

/** A new service with GraphQL, served from its sources until the test is over. */
async function serve(name: string): Promise<string> {
  const tree = createTreeWithEmptyWorkspace({ formatter: 'none' });
  await serviceGenerator(tree, { name, graphql: true });
  const root = temporaryWorkspace(treeFiles(tree));
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  vi.stubEnv('NODE_ENV', 'development');
  vi.stubEnv('LOG_LEVEL', 'warn');
  vi.stubEnv('HOST', '127.0.0.1');
  vi.stubEnv('PORT', String(port));
  const others = process.listeners('SIGTERM');
  const ended = serveExecutor({}, {
    root,
    projectName: name,
    projectsConfigurations: { version: 2, projects: { [name]: { root: `apps/${name}` } } },
  } as unknown as ExecutorContext);
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    // The process that runs the tests has listeners of its own.
    const [end] = process.listeners('SIGTERM').filter((listener) => !others.includes(listener));
    end?.('SIGTERM');
    expect(await ended).toEqual({ success: true });
  });
  await vi.waitFor(async () => expect((await fetch(`${url}/ready`)).status).toBe(200), 60_000);
  return url;
}

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters, styleText } from 'node:util';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureDatastoreImage } from '../../../../../tools/images/datastores/datastore-image';
import { describeBrowser } from '../../../../../tools/testing/describe-browser';
import { describeEngine } from '../../../../../tools/testing/describe-engine';
import { freePort } from '../../../../../tools/testing/free-port';
import { deriveRootCompose } from '../../compose/root-compose';
import { requiredSecrets } from '../../compose/env-secrets';
import { deriveServiceCompose } from '../../compose/service-compose';
import { docker, EngineWorkspace } from '../../testing/engine-workspace';
import { platformOf } from '../../testing/platform';
import { runCommand } from '../../testing/shell';
import { statusCommand } from '../status/command';
import { topologyCommand } from './command';
import { terminalPage } from '../../testing/terminal-page';

/** `PICTURES=docs/images` leaves what the browser saw there, for the README. */
const PICTURES = process.env['PICTURES'];

const manifests = (gatewayPort: number) => ({
  gateway: `kind: gateway\nport: ${gatewayPort}\nconsumes: [catalog, orders, users]\n`,
  orders:
    'port: 3001\nconsumes: [catalog, users]\nexpose: public\nroutes: [/api/orders]\ndatastores: { database: postgres, cache: redis }\n',
  users: 'port: 3002\nexpose: public\nroutes: [/api/users]\ndatastores: { database: postgres }\n',
  catalog: 'port: 3003\nreplicas: 2\nbroker: rabbitmq\npublishes: [price.changed]\n',
  mailer: 'kind: worker\nport: 3004\nbroker: rabbitmq\nsubscribes: [price.changed]\n',
});

describeBrowser('topology --serve', (browser) => {
  describeEngine('with an engine', () => liveSuite(browser));
});

function liveSuite(browser: () => Browser): void {
  let workspace: EngineWorkspace;
  let page: Page;
  const ended = new AbortController();
  let serving: Promise<unknown>;

  beforeAll(async () => {
    await ensureDatastoreImage('postgres');
    await ensureDatastoreImage('redis');
    await ensureDatastoreImage('rabbitmq');
    workspace = new EngineWorkspace(PICTURES ? { platform: 'shop' } : {});
    const texts = manifests(PICTURES ? 3000 : await freePort());
    const platform = platformOf(texts, workspace.platform);
    for (const { name, port } of platform.services) workspace.addService(name, port);
    const files = [
      deriveRootCompose(platform, undefined, (path) => path.startsWith('apps/')),
      ...platform.services.map((service) => deriveServiceCompose(platform, service, undefined)),
    ];
    workspace.write({
      ...Object.fromEntries(files.map(({ path, text }) => [path, text])),
      ...Object.fromEntries(
        Object.entries(texts).map(([name, text]) => [`apps/${name}/service.yml`, text]),
      ),
      '.env': requiredSecrets(platform)
        .map((name) => `${name}=abc123\n`)
        .join(''),
      '.gitignore': 'dist\n.env\n',
      'environments/development.yml': 'healthTimeout: 120\n',
    });
    workspace.git('init', '--quiet');
    commit('the shop');
    for (const service of ['users', 'catalog', 'orders', 'gateway']) {
      const { success, output } = await workspace.ship(service);
      expect(success, output).toBe(true);
    }
    page = await browser().newPage({
      viewport: { width: 1180, height: 560 },
      deviceScaleFactor: PICTURES ? 1.25 : 1,
    });
    await page.goto(await serve());
  });

  afterAll(async () => {
    ended.abort();
    await serving;
    workspace?.remove();
    const volumes = docker('volume', 'ls', '--quiet', '--filter', `name=${workspace.platform}-`);
    for (const volume of volumes.split('\n').filter(Boolean)) docker('volume', 'rm', volume);
  });

  const commit = (message: string) => {
    workspace.git('add', '--all');
    const who = ['-c', 'user.name=spec', '-c', 'user.email=spec@localhost'];
    workspace.git(...who, 'commit', '--quiet', '--message', message);
  };

  /** The address of the served page. */
  const serve = () =>
    new Promise<string>((resolve, reject) => {
      serving = runCommand(topologyCommand, workspace.root, '--serve', {
        signal: ended.signal,
        say: (line) => resolve(line.split(' ')[0]!),
      });
      serving.catch(reject);
    });

  const stateOf = (name: string) =>
    page.locator(`[data-id="service:${name}"] .state`).getAttribute('data-state');

  const photograph = async (of: Page | Locator, name: string) => {
    if (!PICTURES) return;
    mkdirSync(PICTURES, { recursive: true });
    await of.screenshot({ path: join(PICTURES, name) });
  };

  it('shows what is running: up to date, and not deployed', async () => {
    await page.getByText('development: 1 of 5 not up to date').waitFor();
    expect(await stateOf('orders')).toBe('in-step');
    expect(await stateOf('mailer')).toBe('not-deployed');
    expect(await page.locator('.store.ill').count()).toBe(0);
  });

  it('shows a change without being asked again', async () => {
    workspace.write({
      'environments/development.yml':
        'healthTimeout: 120\nservices: { orders: { environment: { LOG_LEVEL: debug } } }\n',
    });
    commit('orders: more in the log');
    await page.getByText('development: 2 of 5 not up to date').waitFor();
    expect(await stateOf('orders')).toBe('drifted');
    await page.locator('[data-id="service:orders"]').click();
    await page.getByText('entry changed: environment.LOG_LEVEL').waitFor();
    await photograph(page, 'topology.png');
  });

  it('shows on the terminal what it shows on the page', async () => {
    const { output } = await runCommand(statusCommand, workspace.root, '', {
      paint: (colour, text) => styleText(colour, text, { validateStream: false }),
    });
    expect(output).toContain('entry changed: environment.LOG_LEVEL');
    expect(stripVTControlCharacters(output)).toMatch(
      /! +orders +drifted +\w{12} +\w{7} \(1 behind\) +1\/1 +healthy/,
    );
    const terminal = await browser().newPage({ deviceScaleFactor: PICTURES ? 1.25 : 1 });
    await terminal.setContent(terminalPage('npx micro status', output));
    await photograph(terminal.locator('pre'), 'status.png');
    await terminal.close();
  });

  it('says that the engine cannot be asked', async () => {
    workspace.write({ 'environments/development.yml': 'host: tcp://127.0.0.1:9\n' });
    await page.getByText(/development cannot be seen: .*no Docker Engine answers/).waitFor();
  });

  it('answers this machine only, and writes nothing', async () => {
    const url = new URL(page.url());
    const answers = await Promise.all([
      fetch(url, { method: 'POST' }),
      fetch(new URL('/package.json', url)),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([405, 404]);
  });
}

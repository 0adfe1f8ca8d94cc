import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeBrowser } from '../../../../tools/testing/describe-browser';
import { serveLocally, type LocalServer } from '../effects/local-server';
import { readPageAssets } from '../effects/page-assets';
import { writeFiles, temporaryWorkspace } from '../testing/temporary-workspace';
import { largeTopology, shopTopology } from '../testing/example-topology';
import type { Topology } from './graph';
import { renderPage } from './page';
import type { PlatformStatus, ServiceStatus } from '../commands/status/document';

interface Rectangle {
  x: number;
  y: number;
  width: number;
  height: number;
}

const opacityOf = (id: string) =>
  `getComputedStyle(document.querySelector('[data-id="${id}"]')).opacity`;

describeBrowser('the topology page', (browser) => {
  let page: Page;
  let complaints: string[];

  beforeEach(async () => {
    page = await browser().newPage({ viewport: { width: 1280, height: 720 } });
    complaints = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') {
        complaints.push(message.text());
      }
    });
  });

  afterEach(async () => {
    await page.close();
  });

  const open = async (topology: Topology, hash = '') => {
    const root = temporaryWorkspace();
    writeFiles(root, { 'topology.html': renderPage(topology, readPageAssets()) });
    await page.goto(`file://${root}/topology.html${hash}`);
  };

  const box = (id: string) => page.locator(`.box[data-id="${id}"]`);
  const facts = () => page.locator('#facts').innerText();
  const classes = async (selector: string) =>
    (
      await page
        .locator(selector)
        .evaluateAll((all) =>
          all.map((one) => (one as unknown as { dataset: { id: string } }).dataset.id),
        )
    ).sort();

  // As text: what it runs on has types of its own, of a browser.
  const rectanglesOf = (selector: string): Promise<Rectangle[]> =>
    page.evaluate(`[...document.querySelectorAll('${selector}')].map((one) => {
      const { x, y, width, height } = one.getBoundingClientRect();
      return { x, y, width, height };
    })`);

  const axeProblems = async () => {
    // Not a script element: the page's own policy, which stays in force, would refuse that.
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate(() =>
      (globalThis as unknown as { axe: typeof axe }).axe.run(),
    );
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  };

  it('opens from a file, alone, without a complaint', async () => {
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await open(shopTopology());
    expect(await page.title()).toBe('acme topology');
    expect(await page.locator('#live').innerText()).toBe('5 services, 6 links, 2 events');
    expect(await page.locator('.box.service').count()).toBe(5);
    expect(asked.filter((url) => !url.startsWith('data:'))).toHaveLength(1);
    expect(complaints).toEqual([]);
  });

  it("shows a service's facts and highlights only its links after a click", async () => {
    await open(shopTopology());
    await box('service:orders').click();
    expect(await facts()).toMatch(/orders\s+service on port 3001, apps\/orders/);
    expect(await facts()).toContain('/api/orders');
    expect(await facts()).toContain('orders-cache (redis, cache)');
    expect(await classes('.box.near')).toEqual([
      'event:order.cancelled',
      'event:order.placed',
      'service:catalog',
      'service:gateway',
      'service:orders',
      'service:users',
    ]);
    expect(await page.locator('.line.near').count()).toBe(5);
    expect(await page.evaluate(opacityOf('service:mailer'))).toBe('0.18');
    expect(await box('service:orders').getAttribute('aria-pressed')).toBe('true');

    await page.getByRole('button', { name: 'order.placed', exact: true }).click();
    expect(await facts()).toMatch(/order\.placed\s+event/);
    expect(await classes('.box.selected')).toEqual(['event:order.placed']);

    await page.keyboard.press('Escape');
    expect(await classes('.box.near')).toEqual([]);
    expect(await facts()).toMatch(/^All\s/);
  });

  it('is all there for a keyboard', async () => {
    await open(shopTopology());
    await page.keyboard.press('/');
    await page.keyboard.type('gate');
    expect(await classes('.box.found')).toEqual(['service:gateway']);
    await page.keyboard.press('Enter');
    expect(await classes('.box.selected')).toEqual(['service:gateway']);
    expect(decodeURIComponent(new URL(page.url()).hash)).toBe('#service:gateway');
    await box('service:gateway').focus();
    await page.keyboard.press('ArrowRight');
    expect(await page.evaluate('document.activeElement.dataset.id')).toBe('service:orders');
    await page.keyboard.press('Enter');
    expect(await facts()).toMatch(/orders\s+service on port 3001/);
    // One stop for the whole picture, however many services there are.
    expect(await page.locator('.box[tabindex="0"]').count()).toBe(1);
  });

  it('selects the service in its address', async () => {
    await open(shopTopology(), '#service:users');
    expect(await classes('.box.selected')).toEqual(['service:users']);
    expect(await facts()).toContain('Called by');
  });

  it('is light or dark, as set in the system or by a person', async () => {
    const background = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
    await page.emulateMedia({ colorScheme: 'dark' });
    await open(shopTopology());
    expect(await background()).toBe('rgb(20, 23, 28)');
    await page.getByRole('button', { name: 'Light or dark' }).click();
    expect(await background()).toBe('rgb(246, 247, 249)');
  });

  describe.each(['light', 'dark'] as const)('%s', (colorScheme) => {
    it('has no fault that axe finds', async () => {
      await page.emulateMedia({ colorScheme });
      await open(shopTopology());
      expect(await axeProblems()).toEqual([]);
      await box('service:orders').click();
      expect(await axeProblems()).toEqual([]);
    });
  });

  it('can be read with 60 services: no box covers another, names have 8 pixels and more', async () => {
    await open(largeTopology(60));
    const boxes = await rectanglesOf('.box .card');
    expect(boxes).toHaveLength(61);
    const overlapping = boxes.flatMap((a, index) =>
      boxes
        .slice(index + 1)
        .filter(
          (b) =>
            a.x < b.x + b.width &&
            b.x < a.x + a.width &&
            a.y < b.y + b.height &&
            b.y < a.y + a.height,
        ),
    );
    expect(overlapping).toEqual([]);
    const [name] = await rectanglesOf('.box.service .name');
    expect(name!.height).toBeGreaterThan(8);
    await page.getByRole('button', { name: 'Fit' }).click();
    const stage = (await page.locator('#stage').boundingBox())!;
    const shown = await rectanglesOf('.box');
    expect(shown.filter(({ x, width }) => x + width > stage.x + stage.width + 1)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it('moves with the mouse, and a drag is no click', async () => {
    await open(shopTopology());
    const before = await box('service:orders').boundingBox();
    await page.mouse.move(before!.x + 20, before!.y + 10);
    await page.mouse.down();
    await page.mouse.move(before!.x + 80, before!.y + 50, { steps: 4 });
    await page.mouse.up();
    const after = await box('service:orders').boundingBox();
    expect(Math.round(after!.x - before!.x)).toBe(60);
    expect(await classes('.box.selected')).toEqual([]);
  });

  describe('served', () => {
    let server: LocalServer;
    let answer: () => { status?: number; body: unknown };

    beforeEach(async () => {
      const live = {
        ...{ url: 'status.json', environment: 'staging', interval: 50 },
        instances: 'pods' as const,
      };
      server = await serveLocally(0, {
        '/': () =>
          Promise.resolve({
            type: 'text/html',
            body: renderPage(shopTopology(), readPageAssets(), live),
          }),
        '/status.json': () => {
          const { status = 200, body } = answer();
          return Promise.resolve({ status, type: 'application/json', body: JSON.stringify(body) });
        },
      });
    });

    afterEach(() => server.close());

    const status = (states: Record<string, Partial<ServiceStatus>>): PlatformStatus => ({
      version: 1,
      platform: 'acme',
      environment: 'staging',
      project: 'acme-staging',
      services: Object.entries(states).map(([name, more]) => ({
        name,
        kind: 'service',
        state: 'in-step',
        drift: [],
        health: 'healthy',
        replicas: { running: 1, wanted: 1 },
        containers: [],
        ...more,
      })),
      backing: [
        { name: 'orders-database', engine: 'postgres', health: 'down', drift: ['not running'] },
      ],
      left: [],
      notes: [],
    });

    it('shows what is running, and changes to it', async () => {
      answer = () => ({ body: status({ orders: {}, users: {} }) });
      await page.goto(server.url);
      const live = page.locator('#live');
      await live.getByText('staging: all 2 up to date').waitFor();
      expect(await box('service:orders').getAttribute('aria-label')).toBe(
        'orders, service :3001, postgres database, redis cache, up to date, healthy',
      );
      expect(await page.locator('.store.ill').count()).toBe(1);
      await box('service:orders').click();
      answer = () => ({
        body: status({
          orders: { state: 'drifted', drift: ['entry changed: environment.LOG_LEVEL'] },
          users: {},
        }),
      });
      await live.getByText('staging: 1 of 2 not up to date').waitFor();
      expect(await facts()).toContain('entry changed: environment.LOG_LEVEL');
      expect(await page.locator('[data-id="service:orders"] .state text').innerHTML()).toBe('!');
      expect(await axeProblems()).toEqual([]);

      answer = () => ({ status: 503, body: { error: 'no engine answers' } });
      await live.getByText('staging cannot be seen: no engine answers').waitFor();
      expect(await page.locator('.state[data-state]').count()).toBe(0);
      answer = () => ({ body: status({ orders: {}, users: {} }) });
      await live.getByText('staging: all 2 up to date').waitFor();
    });
  });
});

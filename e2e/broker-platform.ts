import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { stringify } from 'yaml';
import { mustRun } from '../tools/command.js';
import { ensureDatastoreImage } from '../tools/images/datastores/datastore-image.js';
import { describeEngine } from '../tools/testing/describe-engine.js';
import { freePort } from '../tools/testing/free-port.js';
import { isBrokerServer, type Broker } from '../packages/micro/src/platform/datastore.js';
import { freshWorkspace, useOwnPorts, type FreshWorkspace } from './fresh-workspace.js';

/** It never accepts a total below zero, so that such an event is a dead letter at once. */
const HANDLER = (scope: string) => `import { handle, RejectEventError } from '@org/chassis/events';
import { orderPlaced } from '@${scope}/contracts';

export function onOrderPlaced() {
  return handle(orderPlaced, async ({ data }, { log }) => {
    if (data.total < 0) throw new RejectEventError('a total below zero');
    log.info({ total: data.total }, 'handled');
  });
}
`;

export interface BrokerPlatform {
  broker: Broker;
  /** What the log calls the place of the dead letters of `mailer`. */
  deadLetters: string;
  /** Starts a broker that is no container of the platform. */
  serve?: () => Promise<ServedBroker>;
  /** A pattern that is in the code of this broker's client, and one that is in the code of others. */
  own: string;
  others: string;
}

/** A broker that is no container of the platform. */
export interface ServedBroker {
  /** What each service needs to reach it. */
  variables: Readonly<Record<string, string>>;
  /** The text of a file with credentials of AWS. */
  credentials: string;
  stop: () => Promise<void>;
}

/** A publisher and a worker on a broker, from a fresh workspace to a deploy. */
export function describeBrokerPlatform(of: BrokerPlatform): void {
  describeEngine(`a platform whose broker is ${of.broker}`, () => {
    let fresh: FreshWorkspace;
    let port: number;
    let served: ServedBroker | undefined;

    beforeAll(async () => {
      served = await of.serve?.();
      if (isBrokerServer(of.broker)) await ensureDatastoreImage(of.broker);
      fresh = await freshWorkspace();
      port = await freePort();
      const { workspace } = fresh;
      const generate = (generator: string, ...args: string[]) =>
        workspace.nx('g', `@org/micro:${generator}`, ...args);
      await generate('service', 'orders', `--broker=${of.broker}`, '--skipInstall');
      await generate('event', 'order.placed', '--publisher=orders', '--fields=total:int');
      await generate('worker', 'mailer', '--subscribes=order.placed');
      await useOwnPorts(workspace);
      await workspace.commit('A publisher and a worker');
    });

    afterAll(async () => {
      await fresh?.remove();
      await served?.stop();
    });

    async function reaching({ variables, credentials }: ServedBroker) {
      const file = 'secrets/aws-credentials';
      await fresh.workspace.write(file, credentials);
      return { environment: variables, secrets: { AWS_SHARED_CREDENTIALS: { file } } };
    }

    it('is in sync, and passes lint, tests, compiler and build as generated', async () => {
      const { workspace } = fresh;
      expect(await workspace.read('apps/mailer/service.yml')).toContain(`broker: ${of.broker}\n`);
      await workspace.nx('sync:check');
      await workspace.nx('run-many', '-t', 'lint', 'test', 'typecheck', 'build');
      expect(await workspace.git('status', '--porcelain')).toBe('');
    });

    it('delivers an event, keeps a dead letter, and replays it to its service', async () => {
      const { workspace } = fresh;
      const app = 'apps/orders/src/app.ts';
      const before = 'import { connect';
      const contract = `import { orderPlaced } from '@${workspace.name}/contracts';\n`;
      await workspace.edit(app, before, contract + before);
      await workspace.edit(
        app,
        '      helloRoutes(app);',
        `      helloRoutes(app);
      app.post('/orders/:total', (request) =>
        resources.broker.publish(orderPlaced, {
          total: Number((request.params as { total: string }).total),
        }),
      );`,
      );
      await workspace.write('apps/mailer/src/events/on-order-placed.ts', HANDLER(workspace.name));
      const environment = 'environments/development.yml';
      const own = served ? await reaching(served) : {};
      const services = { orders: { publish: port, ...own }, mailer: own };
      const published = stringify({ services });
      await workspace.write(environment, (await workspace.read(environment)) + published);
      await mustRun('npx', ['micro', 'env'], { cwd: workspace.root });
      await workspace.nx('run-many', '-t', 'compose-deploy', '-p', 'orders', 'mailer');

      for (const total of [3, -1]) {
        const order = await fetch(`http://127.0.0.1:${port}/orders/${total}`, { method: 'POST' });
        expect(order.status).toBe(200);
      }
      const mailer = await containerOf(workspace.name, 'mailer');
      const says = (text: string) =>
        vi.waitFor(async () => expect(await mustRun('docker', ['logs', mailer])).toContain(text), {
          timeout: 60_000,
          interval: 300,
        });
      await says('"msg":"handled"');
      const dead = `order.placed is in ${of.deadLetters}: rejected: a total below zero`;
      await says(dead);
      const command = ['exec', mailer, 'node', 'main.js', 'replay-dead-letters'];
      expect(await mustRun('docker', command)).toContain('"order.placed":1');
    });

    it('has no code of another broker in its images', async () => {
      const container = await containerOf(fresh.workspace.name, 'mailer');
      const filesWith = async (text: string) => {
        const grep = `grep -rlE "${text}" . | wc -l`;
        return Number(await mustRun('docker', ['exec', container, 'sh', '-c', grep]));
      };
      expect(await filesWith(of.own)).toBeGreaterThan(0);
      expect(await filesWith(of.others)).toBe(0);
    });
  });
}

async function containerOf(platform: string, service: string): Promise<string> {
  const filters = [`project=${platform}-development`, `service=${service}`].flatMap((label) => [
    '--filter',
    `label=com.docker.compose.${label}`,
  ]);
  return (await mustRun('docker', ['ps', '--quiet', ...filters])).trim();
}

import { createHash } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../effects/process';
import { DONE, FakeCluster, type FakeProgram } from '../../testing/fake-cluster';
import { fakeClock } from '../../testing/service-task';
import { runCommand } from '../../testing/shell';
import { temporaryWorkspace } from '../../testing/temporary-workspace';
import type { Shell } from '../shell';
import { restoreCommand } from './command';

const NOTE = 'org.micro/replicas-before-restore';

const dumpOf = (service: string, engine: string, extension: string) => {
  const content = `all of ${service}\n-- Dump completed\n`;
  const file = `${service}-database.${extension}`;
  return {
    [`backup/${file}`]: content,
    [`backup/${file}.json`]: JSON.stringify({
      ...{ kind: 'micro-backup', file, service, purpose: 'database', engine },
      ...{ serverVersion: '11.4', image: 'a', database: service, environment: 'development' },
      ...{ since: '2026-11-21T12:00:00Z', bytes: content.length },
      sha256: createHash('sha256').update(content).digest('hex'),
    }),
  };
};

const workspace = () =>
  temporaryWorkspace({
    'package.json': '{ "name": "@shop/source" }',
    'environments/live.yml':
      'engine: kubernetes\ncontext: far\nregistry: reg.example.com\nlockTimeout: 0\n',
    'apps/orders/package.json': '{ "name": "orders" }',
    'apps/orders/service.yml': 'port: 3001\ndatastores: { database: postgres }\n',
    'apps/stock/package.json': '{ "name": "stock" }',
    'apps/stock/service.yml': 'port: 3002\ndatastores: { database: mariadb }\n',
    ...dumpOf('orders', 'postgres', 'pgdump'),
    ...dumpOf('stock', 'mariadb', 'sql'),
  });

/** Answers questions, and takes a dump as `restore` says. */
const programs =
  (restore: FakeProgram = takesAll): FakeProgram =>
  async (program, options) =>
    options.output ? restore(program, options) : { ...DONE, stdout: '11.4\n' };

const takesAll: FakeProgram = async ({ mark }, { input, output }) => {
  const sent = await text(input!);
  output!.end(sent.endsWith(mark) ? mark : '');
  return DONE;
};

const fails: FakeProgram = (_, { output }) => {
  output!.end();
  const stderr = 'ERROR:  no\ncommand terminated with exit code 3\n';
  return Promise.resolve<Outcome>({ exitCode: 1, stdout: '', stderr });
};

function cluster(restore?: FakeProgram): FakeCluster {
  const fake = new FakeCluster(programs(restore));
  fake.addDatastore('orders-database', { POSTGRES_DB: 'orders' });
  fake.addDatastore('stock-database', { MARIADB_DATABASE: 'stock' });
  fake.addDeployment('orders', 3);
  fake.addDeployment('stock', 1);
  return fake;
}

const restore = (fake: FakeCluster, line: string, more: Partial<Shell> = {}) =>
  runCommand(restoreCommand, workspace(), `backup -e live ${line}`, {
    ...{ runner: fake, clock: fakeClock() },
    ...more,
  });

it('says what it would do, and changes nothing', async () => {
  const fake = cluster();
  const { exitCode, output } = await restore(fake, '');
  expect(exitCode).toBe(1);
  expect(output).toContain('orders-database (postgres, in orders-database-0) is replaced by');
  expect(output).toContain('orders is stopped meanwhile (3 pods), and started again');
  expect(output).toContain('stock is stopped meanwhile (1 pod), and started again');
  expect(fake.lines.filter((line) => !/^(?:get|exec) /.test(line))).toEqual([]);
});

it('stops the service, restores, and starts it as it was', async () => {
  const seen: number[] = [];
  const fake = cluster((program, options) => {
    seen.push(fake.deployment('orders').spec.replicas);
    return takesAll(program, options);
  });
  const { exitCode, output } = await restore(fake, 'orders --yes');
  expect(exitCode).toBe(0);
  expect(seen).toEqual([0]);
  expect(fake.deployment('orders').spec.replicas).toBe(3);
  expect(fake.deployment('orders').metadata.annotations).toEqual({});
  expect(output).toMatch(
    /^orders {2}stopped {2}3 pods\n✓ {2}orders-database {2}restored .*\norders {2}started {2}3 pods$/m,
  );
  expect(fake.lines).not.toContain('scale deployment.apps/stock --replicas=0');
});

it('starts again what a run that was killed had stopped', async () => {
  const fake = cluster();
  fake.deployment('orders').spec.replicas = 0;
  fake.deployment('orders').metadata.annotations = { [NOTE]: '3' };
  expect((await restore(fake, 'orders --yes')).exitCode).toBe(0);
  expect(fake.deployment('orders').spec.replicas).toBe(3);
});

it('does not start what somebody had stopped', async () => {
  const fake = cluster();
  fake.deployment('orders').spec.replicas = 0;
  expect((await restore(fake, 'orders --yes')).exitCode).toBe(0);
  expect(fake.deployment('orders').spec.replicas).toBe(0);
});

it('leaves it running with --while-running', async () => {
  const fake = cluster();
  const { exitCode, output } = await restore(fake, 'orders --yes --while-running');
  expect(exitCode).toBe(0);
  expect(output).not.toContain('stopped');
  expect(fake.lines.filter((line) => line.startsWith('scale'))).toEqual([]);
});

it('waits for the jobs of a deploy', async () => {
  const fake = cluster();
  fake.addJobPod('orders-migrate');
  await expect(restore(fake, 'orders --yes')).rejects.toThrow(
    'a job of orders is running (orders-migrate-x1): wait until it has ended ("kubectl --context far --namespace shop-live get pods orders-migrate-x1 --watch"), or use --while-running',
  );
});

describe('after a failure', () => {
  it('starts the service again if its database is as it was', async () => {
    const fake = cluster(fails);
    await expect(restore(fake, 'orders --yes')).rejects.toThrow(
      /orders-database could not be restored \(exit code 3\): ERROR: {2}no\norders-database still has the old data/,
    );
    expect(fake.deployment('orders').spec.replicas).toBe(3);
  });

  it('leaves it stopped if its database is half replaced, and says how it starts', async () => {
    const fake = cluster(fails);
    const failure = await restore(fake, '--yes --no-copy stock').catch((error: Error) => error);
    expect((failure as Error).message).toMatch(
      /stock-database is half replaced: [^]*stock is still stopped; the next restore of stock that succeeds starts it\. To start it now: kubectl --context far --namespace shop-live scale deployment\.apps\/stock --replicas=1 --current-replicas=0$/,
    );
    expect(fake.deployment('stock').spec.replicas).toBe(0);
    // And the next restore does.
    const next = cluster();
    next.deployment('stock').spec.replicas = 0;
    next.deployment('stock').metadata.annotations = fake.deployment('stock').metadata.annotations!;
    expect((await restore(next, '--yes --no-copy stock')).exitCode).toBe(0);
    expect(next.deployment('stock').spec.replicas).toBe(1);
  });

  it('starts the others if one is half replaced', async () => {
    const fake = cluster((program, options) =>
      program.pod.startsWith('stock') ? fails(program, options) : takesAll(program, options),
    );
    await expect(restore(fake, '--yes --no-copy')).rejects.toThrow(/stock is still stopped/);
    expect(fake.deployment('orders').spec.replicas).toBe(3);
  });

  it('starts it again if it is interrupted', async () => {
    const end = new AbortController();
    const fake = cluster(() => {
      end.abort();
      return Promise.reject(new Error('aborted'));
    });
    await expect(restore(fake, 'orders --yes', { signal: end.signal })).rejects.toThrow(
      /orders-database could not be restored: micro restore was interrupted/,
    );
    expect(fake.deployment('orders').spec.replicas).toBe(3);
  });

  it('does not stop those whose number somebody changed meanwhile', async () => {
    const fake = cluster((program, options) => {
      fake.deployment('orders').spec.replicas = 5;
      return takesAll(program, options);
    });
    expect((await restore(fake, 'orders --yes')).exitCode).toBe(0);
    expect(fake.deployment('orders').spec.replicas).toBe(5);
  });
});

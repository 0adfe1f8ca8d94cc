import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureDatastoreImage } from '../../../../../tools/images/datastores/datastore-image';
import { describeEngine } from '../../../../../tools/testing/describe-engine';
import { ROOT } from '../../../../../tools/generated/file';
import { BACKING_IMAGES } from '../../compose/datastore-image';
import { docker, EngineWorkspace } from '../../testing/engine-workspace';

/** Handles one event for 20 s, and notes in a folder of the host what became of it. */
const worker = (version: string) => `import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createService, runService } from '@org/chassis';
import { defineEvent, handle } from '@org/chassis/events';
import { rabbitmq } from '@org/chassis/rabbitmq';
import * as z from 'zod';

const asked = defineEvent('work.asked', z.object({ text: z.string() }));
const note = (text: string) => appendFileSync('/notes/notes', text + '\\n');

await runService('worker', { BROKER_URL: z.string() }, (config) => {
  const broker = rabbitmq(config.BROKER_URL, {
    service: 'worker',
    publishes: [asked],
    subscribers: { 'work.asked': ['worker'] },
  });
  broker.subscribe([
    handle(asked, async () => {
      note('${version} begun');
      await sleep(20_000);
      note('${version} done');
    }),
  ]);
  return createService({
    name: 'worker',
    config,
    resources: [broker],
    routes: async (app) => {
      app.post('/work', async () => broker.publish(asked, { text: 'x' }));
    },
  });
});
`;

describeEngine('a deploy of a worker', () => {
  let workspace: EngineWorkspace;
  let project: string;
  const notes = () => {
    const file = join(workspace.root, 'notes/notes');
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  };

  beforeAll(async () => {
    await ensureDatastoreImage('rabbitmq');
    workspace = new EngineWorkspace();
    project = `${workspace.platform}-development`;
    symlinkSync(join(ROOT, 'node_modules'), join(workspace.root, 'node_modules'));
    const folder = join(workspace.root, 'notes');
    mkdirSync(folder);
    chmodSync(folder, 0o777);
    workspace.addService('worker', 3001, {
      main: worker('first'),
      compose: `    volumes: [{ type: bind, source: ${folder}, target: /notes }]
    depends_on: { broker: { condition: service_healthy } }
  broker:
    image: ${BACKING_IMAGES.rabbitmq}
    environment: { RABBITMQ_DEFAULT_USER: platform, RABBITMQ_DEFAULT_PASS: local }
    healthcheck: { test: [CMD, rabbitmq-diagnostics, -q, check_running], interval: 2s, timeout: 60s, retries: 60 }
    networks: [edge]
`,
    });
    const entry = workspace.read('apps/worker/compose.yaml');
    workspace.write({
      'environments/development.yml': 'engine: compose\nhealthTimeout: 300\n',
      'apps/worker/compose.yaml': entry
        .replace('stop_grace_period: 5s', 'stop_grace_period: 40s')
        .replace('PORT: "3001"', 'PORT: "3001", BROKER_URL: "amqp://platform:local@broker"'),
    });
  });

  afterAll(() => workspace?.remove());

  it('ends the event in hand: it is done once, and the process ends with 0', async () => {
    expect(await workspace.ship('worker')).toMatchObject({ success: true });
    const [first] = workspace.containerIds('worker');
    const ask =
      "fetch('http://127.0.0.1:3001/work', { method: 'POST' }).then((r) => process.exit(r.ok ? 0 : 1))";
    docker('exec', first!, 'node', '-e', ask);
    await expect.poll(notes, { timeout: 60_000 }).toEqual(['first begun']);
    const since = String(Math.floor(Date.now() / 1000) - 1);
    workspace.write({ 'apps/worker/src/main.ts': worker('second') });
    expect(await workspace.ship('worker')).toMatchObject({ success: true });
    expect(notes()).toEqual(['first begun', 'first done']);
    const until = String(Math.floor(Date.now() / 1000) + 1);
    const ended = docker(
      ...['events', '--since', since, '--until', until, '--filter', 'event=die'],
      ...['--filter', `label=com.docker.compose.project=${project}`],
      ...['--filter', 'label=com.docker.compose.service=worker'],
      ...['--format', '{{.Actor.ID}} {{.Actor.Attributes.exitCode}}'],
    );
    expect(ended.trim()).toBe(`${first} 0`);
  });
});

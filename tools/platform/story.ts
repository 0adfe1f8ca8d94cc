import { randomUUID } from 'node:crypto';
import { formatTable } from '../demo/table.js';
import type { Stage } from '../demo/stage.js';
import { LabError } from '../program.js';
import { startCollector, type Span } from './collector.js';
import { newCustomer, type Order } from './customer.js';
import {
  gatewayUrl,
  logOf,
  prepare,
  SERVICES,
  startNx,
  type LogLine,
} from './reference-platform.js';

/** From nothing to a working shop: a paid order, one whose payment fails, and what all six services log about it. */
export async function tellStory(stage: Stage): Promise<void> {
  stage.heading('Six services with their databases, caches and broker');
  await prepare();
  await stage.show('nx run-many -t compose-deploy', (onLine) =>
    startNx(['run-many', '-t', 'compose-deploy', '--outputStyle=stream'], onLine),
  );
  const url = await gatewayUrl();
  const collector = await startCollector();
  stage.line(`   the gateway answers at ${url}`);

  stage.heading('A customer registers, logs in and orders the last lamp');
  const customer = await newCustomer(url);
  const declined = await customer.placeOrder({ productId: 'lamp', card: 'card_declined' });
  expectOrder(stage, await customer.settled(declined.id), 'cancelled');
  stage.line('   the lamp is in stock again, so that it can be ordered with another card:');
  const requestId = `story-${randomUUID()}`;
  const paid = await customer.placeOrder({ productId: 'lamp', card: 'card_flaky', requestId });
  expectOrder(stage, await customer.settled(paid.id), 'confirmed');

  stage.heading(`What the six services logged under ${requestId}`);
  const lines = await eventually(async () => {
    const logs = await Promise.all(SERVICES.map(logOf));
    const own = logs.map((log) => log.filter((line) => line.requestId === requestId));
    return own.every((log) => log.length > 0) ? own : undefined;
  });
  if (!lines) throw new LabError('not every service has logged that request');
  const table = SERVICES.map((service, index) => [service, ...summary(lines[index]!)]);
  for (const line of formatTable([['service', 'lines', 'the last of them'], ...table])) {
    stage.line(`   ${line}`);
  }

  stage.heading('And its trace');
  const spans = await eventually(async () => traceOf(await collector.spans(), requestId));
  if (!spans) throw new LabError('no trace goes through all six services');
  for (const service of SERVICES) {
    const names = spans.filter((span) => span.service === service).map(({ name }) => name);
    stage.line(`   ${service.padEnd(14)} ${[...new Set(names)].join(', ')}`);
  }
}

function expectOrder(stage: Stage, { status, reason }: Order, expected: Order['status']): void {
  if (status !== expected) throw new LabError(`the order is ${status} instead of ${expected}`);
  stage.line(`   the order is ${status}${reason === null ? '' : `: ${reason}`}`);
}

function summary(lines: readonly LogLine[]): [string, string] {
  return [String(lines.length), lines.at(-1)?.msg ?? ''];
}

/** The spans of a request's trace, as soon as it includes every service. */
function traceOf(spans: readonly Span[], requestId: string): Span[] | undefined {
  const id = spans.find(({ attributes }) => attributes['request.id'] === requestId)?.traceId;
  const trace = spans.filter(({ traceId }) => traceId === id);
  const passed = new Set(trace.map(({ service }) => service));
  return SERVICES.every((service) => passed.has(service)) ? trace : undefined;
}

/** The first result of `look` within 20 s. */
async function eventually<T>(look: () => Promise<T | undefined>): Promise<T | undefined> {
  for (let end = performance.now() + 20_000; performance.now() < end;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  return undefined;
}

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
import type { RunningShop } from './shop.js';

/** From nothing to a working shop with Compose, and what a customer does there. */
export async function tellStory(stage: Stage): Promise<void> {
  stage.heading('Six services with their databases, caches and broker');
  await prepare();
  await stage.show('nx run-many -t compose-deploy', (onLine) =>
    startNx(['run-many', '-t', 'compose-deploy', '--outputStyle=stream'], onLine),
  );
  const url = await gatewayUrl();
  const { spans } = await startCollector();
  stage.line(`   the gateway answers at ${url}`);
  await goShopping(stage, { url, logOf, spans });
}

/** A paid order, one whose payment fails, and what all six services log and trace about it. */
export async function goShopping(stage: Stage, { url, logOf, spans }: RunningShop): Promise<void> {
  stage.heading('A customer registers, logs in and orders the last lamp');
  const customer = await newCustomer(url);
  const declined = await customer.placeOrder({ productId: 'lamp', card: 'card_declined' });
  expectOrder(stage, await customer.settled(declined.id), 'cancelled');
  stage.line('   the lamp is in stock again, so that it can be ordered with another card:');
  const paid = await customer.placeOrder({ productId: 'lamp', card: 'card_flaky' });
  const { requestId } = paid;
  expectOrder(stage, await customer.settled(paid.id), 'confirmed');

  stage.heading(`What the six services logged under ${requestId}`);
  const lines = await eventually(async () => {
    const logs = await Promise.all(SERVICES.map((service) => logOf(service)));
    const own = logs.map((log) => log.filter((line) => line.requestId === requestId));
    return own.every((log) => log.length > 0) ? own : undefined;
  });
  if (!lines) throw new LabError('not every service has logged that request');
  const table = SERVICES.map((service, index) => [service, ...summary(lines[index]!)]);
  for (const line of formatTable([['service', 'lines', 'the last of them'], ...table])) {
    stage.line(`   ${line}`);
  }

  stage.heading('And its trace');
  const trace = await eventually(async () => traceOf(await spans(), requestId));
  if (!trace) throw new LabError('no trace goes through all six services');
  for (const service of SERVICES) {
    const names = trace.filter((span) => span.service === service).map(({ name }) => name);
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

/** The first result of `look` within two minutes, which bounds a failure: a busy machine may take long for one look. */
export async function eventually<T>(look: () => Promise<T | undefined>): Promise<T | undefined> {
  for (let end = performance.now() + 120_000; performance.now() < end;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  return undefined;
}

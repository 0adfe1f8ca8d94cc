import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { RunPlan, ServicePlan } from '../../../deployment/run-plan';
import { parseEnvironment } from '../../../platform/environment';
import { UserError } from '../../../platform/user-error';
import { deployOne, type Rolled } from '../deploy-one';
import type { EdgeSteps } from '../edge/edge-steps';
import type { Facts, Run } from '../run';
import { rollAll } from './roll-all';

vi.mock('../deploy-one');

type Kind = 'create' | 'update' | 'keep';

interface Piece {
  name: string;
  kind?: Kind;
  consumes?: string[];
}

/** What happened, in order: `users begins`, `users serves`, `users ends`. */
let happened: string[];
/** Ends a step of a service: `users serves`, `users ends`, `users fails`. */
let next: (step: string) => Promise<void>;

const settled = async () => {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
};

beforeEach(() => {
  happened = [];
  const waiting = new Map<string, () => void>();
  const step = (name: string) => new Promise<void>((resolve) => waiting.set(name, resolve));
  next = async (name) => {
    waiting.get(name)!();
    await settled();
  };
  vi.mocked(deployOne).mockImplementation(async (_run, _project, { service }, ...rest) => {
    const { serving } = rest[2];
    happened.push(`${service} begins`);
    const fails = step(`${service} fails`).then(() => {
      throw new UserError(`${service} is broken`);
    });
    await Promise.race([step(`${service} serves`), fails]);
    happened.push(`${service} serves`);
    serving?.();
    await Promise.race([step(`${service} ends`), fails]);
    happened.push(`${service} ends`);
    return { took: 0 } as Rolled;
  });
});

/** Begins to roll these; providers are named in `consumes`. */
async function begin(pieces: readonly Piece[]) {
  const failures = new Map<string, Error>();
  const rolled = new Map<string, Rolled>();
  const run = {
    failures,
    environment: parseEnvironment('production', ''),
    tasks: pieces.map(({ name, consumes = [] }) => ({ service: { name, consumes } })),
  } as unknown as Run;
  const services = pieces.map(({ name, kind = 'create' }) => ({
    ...{ service: name, plan: { kind }, starts: [] },
  })) as unknown as ServicePlan[];
  const edge = { around: (_one, work) => work() } as EdgeSteps;
  const facts = { containers: [] } as unknown as Facts;
  const done = rollAll(run, undefined, { services } as unknown as RunPlan, facts, rolled, edge);
  await settled();
  const messages = () => [...failures].map(([name, { message }]) => [name, message]);
  return { done, rolled, messages };
}

const users: Piece = { name: 'users' };
const orders: Piece = { name: 'orders', consumes: ['users'] };
const gateway: Piece = { name: 'gateway', consumes: ['orders', 'users'] };

describe('a first deploy', () => {
  it('begins with a service as soon as those that it consumes serve, and watches them side by side', async () => {
    const { done, rolled } = await begin([gateway, orders, users]);
    expect(happened).toEqual(['users begins']);
    await next('users serves');
    expect(happened).toEqual(['users begins', 'users serves', 'orders begins']);
    await next('orders serves');
    expect(happened.at(-1)).toBe('gateway begins');
    await next('gateway serves');
    for (const name of ['users', 'orders', 'gateway']) await next(`${name} ends`);
    await done;
    expect([...rolled.keys()]).toEqual(['users', 'orders', 'gateway']);
  });

  it('begins with nothing that consumes one which never served', async () => {
    const { done, rolled, messages } = await begin([gateway, orders, users, { name: 'stock' }]);
    expect(happened).toEqual(['users begins', 'stock begins']);
    await next('users fails');
    expect(happened).toEqual(['users begins', 'stock begins']);
    await next('stock serves');
    await next('stock ends');
    await done;
    expect(messages()).toEqual([
      ['users', 'users is broken'],
      ['orders', 'orders was not changed, because users, which it consumes, could not be deployed'],
      [
        'gateway',
        'gateway was not changed, because orders, which it consumes, could not be deployed',
      ],
    ]);
    expect([...rolled.keys()]).toEqual(['stock']);
  });

  it('finishes rolls that have begun if another one fails, and begins no more', async () => {
    const { done, rolled, messages } = await begin([gateway, orders, users]);
    await next('users serves');
    await next('users fails');
    expect(happened).toEqual(['users begins', 'users serves', 'orders begins']);
    await next('orders serves');
    expect(happened.at(-1)).toBe('orders serves');
    await next('orders ends');
    await done;
    expect([...rolled.keys()]).toEqual(['orders']);
    expect(messages().map(([name]) => name)).toEqual(['users', 'gateway']);
  });

  it('has four at a time in hand', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const { done } = await begin(names.map((name) => ({ name })));
    expect(happened).toEqual(['a begins', 'b begins', 'c begins', 'd begins']);
    await next('b serves');
    await next('b ends');
    expect(happened.at(-1)).toBe('e begins');
    for (const name of ['a', 'c', 'd', 'e', 'f']) {
      await next(`${name} serves`);
      await next(`${name} ends`);
    }
    await done;
    expect(happened.filter((step) => step.endsWith(' ends'))).toHaveLength(6);
  });
});

it.each<[string, Kind, Kind]>([
  ['a service that runs', 'create', 'update'],
  ['a new service with a provider that runs', 'update', 'create'],
])('%s waits until its providers were watched to the end', async (_, provider, consumer) => {
  const { done } = await begin([
    { ...users, kind: provider },
    { ...orders, kind: consumer },
  ]);
  await next('users serves');
  expect(happened).toEqual(['users begins', 'users serves']);
  await next('users ends');
  expect(happened.at(-1)).toBe('orders begins');
  await next('orders serves');
  await next('orders ends');
  await done;
});

it('continues with a service that does not change, although its provider failed', async () => {
  const { done, messages } = await begin([
    { ...users, kind: 'update' },
    { ...orders, kind: 'keep' },
  ]);
  await next('users fails');
  expect(happened.at(-1)).toBe('orders begins');
  await next('orders serves');
  await next('orders ends');
  await done;
  expect(messages()).toEqual([['users', 'users is broken']]);
});

import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Runner } from '../../../effects/process';
import { failure, recordingRunner } from '../../../testing/recording-runner';
import { runningContainer } from '../../../testing/running-container';
import { fakeClock } from '../../../testing/service-task';
import type { ServiceChange } from '../../../deployment/plan';
import { roll } from './roll-service';

const project = { name: 'acme-development', files: ['compose.yaml', 'override.yaml'] };

const old = runningContainer({
  id: 'old',
  networks: { acme_edge: { aliases: ['orders'], names: ['orders'] } },
});

interface Life {
  state?: string;
  health?: string;
  /** What the health checks said; one with 503 unless given. */
  checks?: { Output: string }[];
  restarts?: number;
}

/** An engine with one old container and, once it was created, a new one that lives as told. */
function engine(
  options: {
    lives?: Life[];
    fail?: RegExp;
    /** How often; always without it. */
    times?: number;
    stderr?: string;
    hasOld?: boolean;
    /** Of the old container and the new one. */
    addresses?: [old: string, created: string];
  } = {},
) {
  const lives = options.lives ?? [{ state: 'running', health: 'healthy' }];
  let created = false;
  let held = false;
  let looked = 0;
  let failed = 0;
  const describe = (id: string, life: Life) => ({
    Id: id,
    Name: `/acme-orders-${id === 'old' ? 1 : 2}`,
    RestartCount: life.restarts ?? 0,
    State: {
      Status: life.state,
      ...(life.health
        ? { Health: { Status: life.health, Log: life.checks ?? [{ Output: 'said 503\n' }] } }
        : {}),
    },
    Config: { Labels: { 'com.docker.compose.service': 'orders' } },
    NetworkSettings: {
      Networks: { acme_edge: { Aliases: ['acme-orders-2', 'orders', 'shop'], DNSNames: null } },
    },
  });
  return recordingRunner((line) => {
    if (options.fail?.test(line) && failed++ < (options.times ?? Infinity)) {
      return failure(options.stderr ?? 'no');
    }
    if (line.includes(' up ')) created = true;
    if (line.startsWith('docker network inspect')) {
      const [old, fresh] = options.addresses ?? ['172.20.0.2', '172.20.0.3'];
      const Containers = {
        old: { IPv4Address: `${old}/16` },
        new: { IPv4Address: `${fresh}/16` },
        ...(held ? { held: { IPv4Address: '172.20.0.3/16' } } : {}),
      };
      const IPAM = { Config: [{ Subnet: '172.20.0.0/16', Gateway: '172.20.0.1' }] };
      return { stdout: JSON.stringify([{ IPAM, Containers }]) };
    }
    if (line.startsWith('docker container run')) {
      held = true;
      return { stdout: 'held\n' };
    }
    if (line.startsWith('docker container ls')) {
      return {
        stdout: [...(options.hasOld === false ? [] : ['old']), ...(created ? ['new'] : [])].join(
          '\n',
        ),
      };
    }
    if (line.startsWith('docker container inspect')) {
      const ids = line.split(' ').slice(3);
      const isPoll = ids.length === 1 && ids[0] === 'new';
      const life = isPoll ? lives[Math.min(looked++, lives.length - 1)]! : { state: 'created' };
      return {
        stdout: JSON.stringify(
          ids.map((id) =>
            describe(id, id === 'old' ? { state: 'running', health: 'healthy' } : life),
          ),
        ),
      };
    }
    if (line.startsWith('docker container logs')) return { stdout: 'hello\n', stderr: 'boom\n' };
    return undefined;
  });
}

function partsOf(runner: ReturnType<typeof engine>, plan: Partial<ServiceChange> = {}) {
  const clock = fakeClock();
  const said: string[] = [];
  return {
    said,
    runner,
    address: {},
    project,
    service: 'orders',
    plan: {
      kind: 'update' as const,
      reason: 'its image changed',
      serving: [old],
      kept: [],
      leftovers: [],
      order: 'start-first' as const,
      replicas: 1,
      ...plan,
    },
    healthTimeout: 10,
    steady: 0,
    clock,
    linkPause: () => Promise.resolve(1100),
    undo: { runner, clock },
    alone: <T>(work: () => Promise<T>) => work(),
    addresses: <T>(work: () => Promise<T>) => work(),
    say: (line: string) => said.push(line),
  };
}

const acts = (lines: readonly string[]) =>
  lines.filter((line) => !/(?:container (?:ls|inspect|logs)|network inspect)/.test(line));

const CREATE =
  'docker compose --file compose.yaml --file override.yaml --project-name acme-development up --no-build --no-deps --no-recreate --no-start --pull never --quiet-pull --scale orders=2 orders';
const HIDE = ['docker network disconnect acme_edge new', 'docker network connect acme_edge new'];
const REVEAL = [
  'docker network disconnect acme_edge new',
  'docker network connect --alias acme-orders-2 --alias orders --alias shop acme_edge new',
];
const UNDO = 'docker container rm --force --volumes new';

describe('roll', () => {
  it('starts first, hidden, and stops the old container only once the new one is healthy', async () => {
    const runner = engine({
      lives: [
        { state: 'running', health: 'starting' },
        { state: 'running', health: 'healthy' },
      ],
    });
    const parts = partsOf(runner);
    const containers = await roll(parts);
    expect(containers.map(({ id }) => id)).toEqual(['new']);
    expect(acts(runner.lines)).toEqual([
      CREATE,
      ...HIDE,
      'docker container start new',
      ...REVEAL,
      'docker network disconnect acme_edge old',
      'docker network connect acme_edge old',
      'docker container stop old',
      'docker container rm --force --volumes old',
    ]);
    expect(stripVTControlCharacters(parts.said.join('\n'))).toBe(
      'orders  healthy  acme-orders-2  0.1 s\norders  stopped  acme-orders-1  0.0 s',
    );
    expect(parts.clock.slept).toEqual([100, 1100, ...Array<number>(10).fill(100)]);
  });

  it('lets an old container run longer if it was disconnected for long: what was sent to it meanwhile is sent again', async () => {
    const runner = engine();
    const parts = partsOf(runner);
    let reconnected = 0;
    let stopped = 0;
    const slow = {
      run: async (...[command, ...rest]: Parameters<Runner['run']>) => {
        const outcome = await runner.run(command, ...rest);
        const line = runner.lines.at(-1)!;
        if (line.includes('disconnect acme_edge old')) await parts.clock.sleep(1500);
        if (line.includes('connect acme_edge old')) reconnected = parts.clock.now();
        if (line === 'docker container stop old') stopped = parts.clock.now();
        return outcome;
      },
    };
    await roll({ ...parts, runner: slow, undo: { ...parts.undo, runner: slow } });
    expect(stopped - reconnected).toBe(2000);
  });

  it('occupies the free addresses below that of an old container, so that it keeps its own', async () => {
    const runner = engine({ addresses: ['172.20.0.4', '172.20.0.2'] });
    const parts = partsOf(runner);
    await roll(parts);
    expect(acts(runner.lines).slice(-6)).toEqual([
      expect.stringContaining('docker container run --detach --rm --network acme_edge'),
      'docker network disconnect acme_edge old',
      'docker network connect acme_edge old',
      'docker container rm --force --volumes held',
      'docker container stop old',
      'docker container rm --force --volumes old',
    ]);
  });

  it.each([
    ['its image has no Node, so that nothing takes them', '172.20.0.4', /^docker container run/],
    ['there are too many', '172.20.0.20', undefined],
  ])('leaves an old container found if %s', async (_, address, fail) => {
    const runner = engine({ addresses: [address, '172.20.0.2'], ...(fail ? { fail } : {}) });
    const parts = partsOf(runner);
    await roll(parts);
    expect(acts(runner.lines).filter((line) => line.includes('disconnect acme_edge old'))).toEqual(
      [],
    );
    expect(acts(runner.lines).slice(-2)).toEqual([
      'docker container stop old',
      'docker container rm --force --volumes old',
    ]);
  });

  it('does not call a container without a check healthy', async () => {
    const parts = partsOf(engine({ lives: [{ state: 'running' }] }));
    await roll(parts);
    expect(stripVTControlCharacters(parts.said[0]!)).toBe(
      'orders  running, unchecked  acme-orders-2  3.0 s',
    );
  });

  it('does not count a moment between two ends as running', async () => {
    const lives = [0, 1, 2].flatMap((restarts) =>
      Array.from({ length: 8 }, () => ({ state: 'running', restarts })),
    );
    const parts = partsOf(engine({ lives: [...lives, { state: 'restarting', restarts: 3 }] }));
    await expect(roll(parts)).rejects.toThrow('acme-orders-2 ended 3 times');
  });

  it('stops the old one first if two cannot run side by side', async () => {
    const runner = engine();
    await roll(partsOf(runner, { order: 'stop-first' }));
    expect(acts(runner.lines)).toEqual([
      CREATE,
      'docker container stop old',
      'docker container start new',
      'docker container rm --force --volumes old',
    ]);
  });

  it('hides nothing if nothing serves yet', async () => {
    const runner = engine({ hasOld: false });
    await roll(partsOf(runner, { kind: 'create', serving: [] }));
    expect(acts(runner.lines)).toEqual([
      CREATE.replace('orders=2', 'orders=1'),
      'docker container start new',
    ]);
  });

  it('removes what an earlier deploy left before anything else', async () => {
    const runner = engine();
    await roll(partsOf(runner, { leftovers: [{ ...old, id: 'dead', state: 'exited' }] }));
    expect(acts(runner.lines)[0]).toBe('docker container rm --force --volumes dead');
  });

  it('waits for a container without a health check to stay up', async () => {
    const parts = partsOf(engine({ lives: [{ state: 'running' }], hasOld: false }), {
      kind: 'create',
      serving: [],
    });
    await roll(parts);
    expect(parts.clock.slept.reduce((sum, time) => sum + time, 0)).toBe(3000);
  });

  describe.each([
    ['create', / up /, []],
    ['hide', /disconnect/, [CREATE, 'docker network disconnect acme_edge new']],
    ['start', /container start new/, [CREATE, ...HIDE, 'docker container start new']],
  ])('if it fails to %s', (_, fail, before) => {
    it('removes the new container and does not touch the old one', async () => {
      const runner = engine({ fail, stderr: 'Error response from daemon: no' });
      await expect(roll(partsOf(runner))).rejects.toThrow(
        /no\n[^]*acme-orders-1 keeps serving; it was not touched$/,
      );
      const expected = before.length > 0 ? [...before, UNDO] : [CREATE];
      expect(acts(runner.lines)).toEqual(expected);
    });
  });

  it.each([
    [
      'unhealthy',
      [{ state: 'running', health: 'unhealthy' }],
      'orders: acme-orders-2 is unhealthy',
    ],
    ['ended', [{ state: 'exited' }], 'orders: acme-orders-2 is exited'],
    ['restarting', [{ state: 'restarting', restarts: 3 }], 'orders: acme-orders-2 ended 3 times'],
    [
      'never healthy',
      [{ state: 'running', health: 'starting' }],
      'orders: acme-orders-2 was not healthy after 10 s (healthTimeout of the environment)',
    ],
  ])('undoes a roll to a container that is %s, with its last words', async (_, lives, message) => {
    const runner = engine({ lives });
    const error = await roll(partsOf(runner)).then(
      () => undefined,
      (reason: Error) => reason.message,
    );
    expect(error?.split('\n')).toEqual([
      message,
      '  the last lines of acme-orders-2:',
      '    hello',
      '    boom',
      ...('health' in lives[0]! ? ['  its last health check said:', '    said 503'] : []),
      '  acme-orders-1 keeps serving; it was not touched',
    ]);
    expect(acts(runner.lines)).toEqual([CREATE, ...HIDE, 'docker container start new', UNDO]);
  });

  it('says if the health check never ended, as on Podman without systemd', async () => {
    const lives: Life[] = [{ state: 'running', health: 'starting', checks: [] }];
    await expect(roll(partsOf(engine({ lives })))).rejects.toThrow(
      /its health check has not ended once: .*only if systemd runs/,
    );
  });

  it('undoes a roll that could not be revealed', async () => {
    const runner = engine({ fail: /connect --alias/ });
    await expect(roll(partsOf(runner))).rejects.toThrow('Could not connect acme-orders-2');
    expect(acts(runner.lines)).toEqual([
      CREATE,
      ...HIDE,
      'docker container start new',
      ...REVEAL,
      ...HIDE,
      'docker container stop new',
      UNDO,
    ]);
  });

  it('starts the old container again if it was stopped first', async () => {
    const runner = engine({ lives: [{ state: 'exited' }] });
    await expect(roll(partsOf(runner, { order: 'stop-first' }))).rejects.toThrow(
      /acme-orders-1, which ran before, serves again$/,
    );
    expect(acts(runner.lines).slice(-2)).toEqual([UNDO, 'docker container start old']);
  });

  it('starts the old container again even if the new one cannot be removed', async () => {
    const runner = engine({ lives: [{ state: 'exited' }], fail: /rm --force/ });
    await expect(roll(partsOf(runner, { order: 'stop-first' }))).rejects.toThrow(
      /Could not remove the new orders[^]*acme-orders-1 ran before; the next deploy finishes or undoes what this one started$/,
    );
    expect(acts(runner.lines).at(-1)).toBe('docker container start old');
  });

  it.each([
    [
      'the new container',
      /container start new/,
      'Error response from daemon: No such container: new',
    ],
    [
      'its image',
      / up /,
      'Error response from daemon: No such image: registry.example.com/acme/orders@sha256:1',
    ],
  ])('tries again if a host pruned it before it ran: %s', async (_, fail, stderr) => {
    const runner = engine({ fail, stderr, times: 1 });
    let brought = 0;
    const bringImage = () => Promise.resolve(void brought++);
    const containers = await roll({ ...partsOf(runner), bringImage });
    expect(containers.map(({ id }) => id)).toEqual(['new']);
    expect(brought).toBe(1);
    expect(acts(runner.lines).filter((line) => line.includes(' up '))).toEqual([CREATE, CREATE]);
  });

  it('gives up if that goes on, and the old container keeps serving', async () => {
    const stderr = 'Error response from daemon: No such container: new';
    const runner = engine({ fail: /container start new/, stderr });
    await expect(roll(partsOf(runner))).rejects.toThrow(/No such container: new[^]*keeps serving/);
    expect(acts(runner.lines).filter((line) => line.includes(' up '))).toHaveLength(3);
  });

  it('does not take an engine that is gone for a container that is gone', async () => {
    const runner = engine({
      fail: /container inspect new$/,
      stderr:
        'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?',
    });
    await expect(roll(partsOf(runner))).rejects.toThrow('no Docker Engine answers on this machine');
  });

  it('says that nothing is left of a first deploy that failed', async () => {
    const runner = engine({ hasOld: false, lives: [{ state: 'exited' }] });
    await expect(roll(partsOf(runner, { kind: 'create', serving: [] }))).rejects.toThrow(
      /nothing of the new version is left on the engine$/,
    );
  });
});

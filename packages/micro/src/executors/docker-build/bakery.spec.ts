import { describe, expect, it } from 'vitest';
import { keyTag } from '../../image/image-key';
import { failure, recordingRunner, type Answer } from '../../testing/recording-runner';
import { recordedTask } from '../../testing/service-task';
import { openBakery } from './bakery';
import type { PreparedImage } from './prepare-image';
import { normaliseOptions, type DockerBuildOptions } from './options';
import { LABELS } from '../../platform/image-labels';

/** An engine that has what was built, unless the service is called `broken`. */
function engine() {
  const built = new Set<string>();
  const answer: Answer = (line, { args }) => {
    if (line.startsWith('docker image inspect')) {
      const reference = args.at(-1)!;
      if (!built.has(reference)) return failure(`Error response from daemon: No such image: x`);
      const labels = { [LABELS.key]: reference.split('-').at(-1) };
      return { stdout: JSON.stringify({ Id: 'x', Size: 1, Config: { Labels: labels } }) };
    }
    if (line.startsWith('docker buildx bake')) {
      if (broken) return failure('ERROR: target broken-1: failed to solve');
      names.forEach((name) => built.add(reference(name)));
    }
    if (line.startsWith('docker buildx build')) {
      const name = args.find((arg) => arg.startsWith('acme/'))!;
      if (name.includes('broken')) return failure('ERROR: failed to solve: exit code: 3');
      built.add(name);
    }
    return undefined;
  };
  const names: string[] = [];
  let broken = false;
  return {
    runner: recordingRunner(answer),
    add: (name: string) => {
      names.push(name);
      broken ||= name === 'broken';
    },
  };
}

const reference = (name: string) => `acme/${name}:${keyTag(name)}`;

function prepared(
  name: string,
  { runner, add }: ReturnType<typeof engine>,
  options: DockerBuildOptions = {},
): PreparedImage {
  const task = { ...recordedTask(), runner };
  task.service.name = name;
  add(name);
  return {
    task,
    options: normaliseOptions(options, task.service),
    platforms: { build: 'linux/amd64', target: ['linux/amd64'] },
    content: {
      key: { key: name, parts: {} },
      dockerfile: 'FROM a',
      baseImages: new Map(),
      contexts: {},
      isShared: false,
    },
    plan: { kind: 'build', reason: 'first build here' },
    onEngine: undefined,
    local: reference(name),
    remote: undefined,
    tags: [],
    previous: undefined,
    started: 0,
  };
}

const builds = ({ runner }: ReturnType<typeof engine>) =>
  runner.lines
    .filter((line) => line.startsWith('docker buildx'))
    .map((line) => line.split(' ').slice(0, 3).join(' '));

describe('a bakery', () => {
  it('waits for all, then bakes together what must be built', async () => {
    const lab = engine();
    const [orders, users] = [prepared('orders', lab), prepared('users', lab)];
    const bakery = openBakery(3);
    const done = [bakery.build(orders), bakery.build(users)];
    await Promise.resolve();
    expect(lab.runner.lines).toEqual([]);
    bakery.pass();
    await Promise.all(done);
    expect(builds(lab)).toEqual(['docker buildx bake']);
    expect((orders.task as ReturnType<typeof recordedTask>).said).toEqual([
      'orders  building with others (first build here)',
    ]);
  });

  it('builds a single image alone', async () => {
    const lab = engine();
    const orders = prepared('orders', lab);
    const bakery = openBakery(2);
    bakery.pass();
    await bakery.build(orders);
    expect(builds(lab)).toEqual(['docker buildx build']);
  });

  it('builds a service with its own arguments alone', async () => {
    const lab = engine();
    const orders = prepared('orders', lab, { args: ['--no-cache-filter=x'] });
    const users = prepared('users', lab);
    const bakery = openBakery(2);
    await Promise.all([bakery.build(orders), bakery.build(users)]);
    expect(builds(lab)).toEqual(['docker buildx build', 'docker buildx build']);
  });

  it('reports the error of one that cannot be built, and builds the others', async () => {
    const lab = engine();
    const [orders, broken] = [prepared('orders', lab), prepared('broken', lab)];
    const bakery = openBakery(2);
    const [good, bad] = await Promise.allSettled([bakery.build(orders), bakery.build(broken)]);
    expect(good.status).toBe('fulfilled');
    expect(bad).toMatchObject({
      status: 'rejected',
      reason: { message: expect.stringContaining('exit code: 3') as string },
    });
    expect((orders.task as ReturnType<typeof recordedTask>).said[0]).toBe(
      'warning: one bake of 2 images failed (target broken-1: failed to solve); building orders, broken one by one',
    );
  });
});

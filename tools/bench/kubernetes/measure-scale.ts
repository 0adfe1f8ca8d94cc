import { desiredService } from '../../../packages/micro/src/kubernetes/desired-service.js';
import { parseObjects } from '../../../packages/micro/src/kubernetes/live-object.js';
import { liveObjects } from '../../../packages/micro/src/kubernetes/object-plan.js';
import {
  renderPlatform,
  type RenderedImage,
  type RenderedPlatform,
} from '../../../packages/micro/src/kubernetes/render.js';
import {
  planService,
  type ClusterFacts,
} from '../../../packages/micro/src/kubernetes/service-plan.js';
import { reportCluster } from '../../../packages/micro/src/commands/status/cluster-report.js';
import { deployedCluster } from '../../../packages/micro/src/testing/deployed-cluster.js';
import { imageOf, scaledPlatform } from './scaled-platform.js';

/** Processor seconds of each step, which other work on the machine changes little, for one number of services, and what they needed. */
export interface ScaleReading {
  services: number;
  objects: number;
  /** Megabytes of JSON that the lists of the API server hold. */
  listed: number;
  seconds: Record<ScaleStep, number>;
  /** The most memory of the process, in megabytes. */
  memory: number;
}

export const SCALE_STEPS = {
  render: 'all objects rendered',
  create: 'plan for an empty namespace',
  lists: 'the lists of the API server read as JSON',
  keep: 'plan if nothing changed',
  change: 'plan if one service changed',
  status: 'the report of `micro status`',
} as const;
export type ScaleStep = keyof typeof SCALE_STEPS;

/** Measures one number of services, in a process of its own. */
export function measureScale(services: number): ScaleReading {
  const seconds = {} as Record<ScaleStep, number>;
  const timed = <Value>(step: ScaleStep, work: () => Value): Value => {
    const begun = process.threadCpuUsage();
    const value = work();
    const { user, system } = process.threadCpuUsage(begun);
    seconds[step] = (user + system) / 1e6;
    return value;
  };
  const { input, images } = scaledPlatform(services);
  const rendered = timed('render', () => renderPlatform(input));
  const empty = { live: new Map(), books: new Map(), secrets: new Set<string>() };
  expectPlans(
    timed('create', () => planAll(rendered, images, empty)),
    { create: services },
  );

  const { state, pods } = deployedCluster(rendered, images);
  const json = JSON.stringify({ items: state.objects });
  const objects = timed('lists', () => parseObjects(json));
  const facts = { ...state, objects, live: liveObjects(objects) };
  expectPlans(
    timed('keep', () => planAll(rendered, images, facts)),
    { keep: services },
  );

  const changed = new Map(images).set('service-1', imageOf('service-1', 'b'));
  const other = renderPlatform({ ...input, images: changed });
  expectPlans(
    timed('change', () => planAll(other, changed, facts)),
    {
      keep: services - 1,
      update: 1,
    },
  );
  const declared = {
    services: new Map(
      [...images].map(([name, image]) => [name, desiredService(rendered, name, image, new Map())]),
    ),
    shared: rendered.shared,
    parts: [],
  };
  const status = timed('status', () =>
    reportCluster({
      ...{ platform: input.platform, environment: input.environment, state: facts, pods, declared },
      pushed: new Map([...images].map(([name, { key }]) => [name, key])),
      ...{
        built: new Map(),
        commitsSince: new Map(),
        namespace: 'big',
        now: Date.now(),
        parts: [],
      },
    }),
  );
  if (!status.services.every(({ state: one }) => one === 'in-step')) {
    throw new Error('the report of an unchanged cluster names a difference');
  }
  return {
    ...{ services, seconds, objects: objects.length, listed: json.length / 1e6 },
    memory: process.resourceUsage().maxRSS / 1000,
  };
}

function planAll(
  rendered: RenderedPlatform,
  images: ReadonlyMap<string, RenderedImage>,
  facts: ClusterFacts,
) {
  return [...images].map(([name, image]) =>
    planService(desiredService(rendered, name, image, new Map()), facts),
  );
}

/** What was measured has to be right, too. */
function expectPlans(
  plans: readonly { action: string }[],
  expected: Readonly<Record<string, number>>,
): void {
  for (const [action, count] of Object.entries(expected)) {
    const found = plans.filter((plan) => plan.action === action).length;
    if (found !== count) throw new Error(`${found} of ${count} plans are "${action}"`);
  }
}

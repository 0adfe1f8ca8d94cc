import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { ask, NAMESPACE, takeDownFromCluster } from '../tools/platform/cluster-platform.js';
import { tellClusterStory } from '../tools/platform/cluster-story.js';
import { mustEnd } from '../tools/testing/child.js';
import { describeGateway } from '../tools/testing/describe-cluster.js';

const MINUTE = 60_000;

describeGateway('the reference platform on a cluster', () => {
  const told: string[] = [];

  beforeAll(async () => {
    await tellClusterStory({
      heading: (text) => told.push(text),
      line: (text) => told.push(text),
      show: async (_command, start) => void (await mustEnd(start(() => undefined))),
    });
  }, 20 * MINUTE);

  afterAll(async () => {
    await takeDownFromCluster();
    const left = await ask(inject('cluster')!, 'get', 'namespace', NAMESPACE, '--ignore-not-found');
    expect(left).toBe('');
  });

  it('sells: a declined payment is undone, and one request and one trace go through all six services', () => {
    // The story fails if any of this is missing.
    expect(told.join('\n')).toMatch(/cancelled: the card was declined[^]*the order is confirmed/);
  });

  it('is left alone by a second deploy', () => {
    expect(told.at(-1)).toMatch(
      /the platform has \d+ objects in org-reference, and none was written/,
    );
  });

  it('runs only pods that the restricted level of Pod Security takes, each ready', async () => {
    const ready = '--for=condition=Ready';
    const ours = 'app.kubernetes.io/component in (service,datastore,broker)';
    const text = await ask(inject('cluster')!, 'wait', ready, 'pods', '--selector', ours);
    // Six services, four databases, their caches and the broker.
    expect(text.trim().split('\n').length).toBeGreaterThan(10);
  });
});

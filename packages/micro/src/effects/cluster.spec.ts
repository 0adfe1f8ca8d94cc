import { expect, it } from 'vitest';
import { failure, recordingRunner } from '../testing/recording-runner';
import { fakeClock } from '../testing/service-task';
import { runKubectl, type Cluster } from './cluster';

const SILENT =
  'The connection to the server 10.0.0.1:6443 was refused - did you specify the right host or port?';
const FORBIDDEN =
  'Error from server (Forbidden): configmaps "a" is forbidden: User "jane" cannot delete resource "configmaps" in API group "" in the namespace "shop": rbac: RBAC: role.rbac.authorization.k8s.io "jane" not found';
const UNKNOWN = 'error: error validating "STDIN": error validating data: unknown';

/** A cluster whose commands fail one after another with these words; then they succeed. */
function answering(...complaints: string[]) {
  const runner = recordingRunner(() => {
    const complaint = complaints.shift();
    return complaint === undefined ? { stdout: 'done' } : failure(complaint);
  });
  const clock = fakeClock();
  const cluster: Cluster = {
    ...{ context: 'far', namespace: 'shop', file: 'f.yml', runner },
    patience: { clock, seconds: 60, seen: {} },
  };
  const run = () => runKubectl(cluster, ['delete', 'configmap', 'a'], 'Could not');
  return { run, clock, runner, cluster };
}

it('waits for an API server that is restarted, and until it has read who may do what', async () => {
  const { run, runner } = answering(SILENT, SILENT, FORBIDDEN, UNKNOWN);
  expect((await run()).stdout).toBe('done');
  expect(runner.lines).toHaveLength(5);
});

it('does so for the command after the one that got no answer, too', async () => {
  const { run } = answering(SILENT);
  await run();
  const next = answering(FORBIDDEN);
  const seen = { silentAt: next.clock.now() - 2000 };
  next.cluster.patience = { ...next.cluster.patience!, seen };
  expect((await next.run()).stdout).toBe('done');
});

it('believes an API server that answered all the time', async () => {
  const { run, runner } = answering(FORBIDDEN);
  await expect(run()).rejects.toThrow('the user of the context far may not do this');
  expect(runner.lines).toHaveLength(1);
});

it('believes one that has been running for a while', async () => {
  const { run, clock } = answering(SILENT, ...Array.from({ length: 20 }, () => FORBIDDEN));
  await expect(run()).rejects.toThrow('the user of the context far may not do this');
  expect(clock.slept.reduce((sum, one) => sum + one, 0)).toBeLessThan(15_000);
});

it('gives up after a minute without an answer', async () => {
  const { run, clock } = answering(...Array.from({ length: 99 }, () => SILENT));
  await expect(run()).rejects.toThrow('the cluster of the context far does not answer');
  expect(clock.slept.reduce((sum, one) => sum + one, 0)).toBe(60_000);
});

it('does not wait before a deploy has begun', async () => {
  const { run, cluster, runner } = answering(SILENT);
  delete cluster.patience;
  await expect(run()).rejects.toThrow('does not answer');
  expect(runner.lines).toHaveLength(1);
});

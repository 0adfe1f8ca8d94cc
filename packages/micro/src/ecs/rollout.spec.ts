import type { Deployment } from '@aws-sdk/client-ecs';
import { expect, it } from 'vitest';
import { judgeEcsRollout } from './rollout';

const ours: Deployment = { id: 'a', status: 'PRIMARY', rolloutState: 'IN_PROGRESS' };
const other: Deployment = { id: 'b', status: 'ACTIVE' };

it.each<[string, Deployment, Deployment[]]>([
  ['0 of 2 new tasks run', { runningCount: 0 }, [other]],
  ['0 of 2 new tasks run, 3 failed', { runningCount: 0, failedTasks: 3 }, []],
  ['2 of 2 new tasks run', { runningCount: 2, failedTasks: 0 }, []],
  ['2 of 2 new tasks run, the old ones still stop', { runningCount: 2 }, [other]],
])('says of a deployment that is under way: %s', (tasks, facts, others) => {
  const deployments = [{ ...ours, desiredCount: 2, ...facts }, ...others];
  const began = { id: 'a', taskDefinition: 'orders:2' };
  expect(judgeEcsRollout({ deployments }, began)).toMatchObject({ kind: 'going', tasks });
});

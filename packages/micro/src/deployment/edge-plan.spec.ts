import { expect, test } from 'vitest';
import { runningContainer } from '../testing/running-container';
import { planEdge, type WantedEdge } from './edge-plan';
import { DEPLOY_LABELS } from './labels';

const wanted: WantedEdge = {
  image: 'caddy:2',
  entryLabel: 'one image=1',
  fingerprint: 'f1',
  slice: { services: {} },
  next: [],
  files: [],
  publications: [],
};

test.each([
  ['caddy:2', { kind: 'keep' }],
  // As Podman writes it.
  ['docker.io/library/caddy:2', { kind: 'keep' }],
  ['localhost/caddy:2', { kind: 'keep' }],
  [
    'docker.io/library/caddy:1',
    { kind: 'recreate', reason: 'its image changed: docker.io/library/caddy:1 -> caddy:2' },
  ],
])('an edge of %s, wanted from caddy:2: %j', (image, plan) => {
  const running = runningContainer({ image, labels: { [DEPLOY_LABELS.entry]: wanted.entryLabel } });
  expect(planEdge({ container: running, fingerprint: 'f1', leftovers: [] }, wanted)).toMatchObject(
    plan,
  );
});

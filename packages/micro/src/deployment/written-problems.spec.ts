import { expect, it } from 'vitest';
import { parseEnvironment } from '../platform/environment';
import { serviceNamed } from '../platform/platform';
import { formatProblem } from '../platform/problem';
import { parseYaml } from '../platform/yaml-source';
import { platformOf } from '../testing/platform';
import { writtenProblems } from './written-problems';

const OWN = 'apps/orders/compose.yaml';
const OVERLAY = 'environments/production.compose.yaml';
const service = (keys: string) => `services:\n  orders:\n    ${keys}\n`;

function problems({ own = '', overlay = '', environment = '' }): string[] {
  const orders = serviceNamed(platformOf({ orders: 'port: 3001\nreplicas: 2' }), 'orders');
  return writtenProblems(orders, parseEnvironment('production', environment), {
    own: parseYaml(OWN, own).source,
    overlay: parseYaml(OVERLAY, overlay).source,
  }).map(formatProblem);
}

it.each([
  ['nothing', {}],
  [
    'what a deploy honours',
    {
      overlay: service(
        'restart: always\n    healthcheck: { test: x }\n    cap_add: [X]\n    stop_grace_period: 9s',
      ),
    },
  ],
  ['as many replicas as run', { overlay: service('deploy: { replicas: 2 }') }],
  ['replicas of the service file, which sync keeps', { own: service('deploy: { replicas: 3 }') }],
  [
    'entries of others',
    { overlay: 'services:\n  db: { image: postgres, container_name: db }\n  users:\n' },
  ],
  [
    'the same variable with the same value',
    {
      overlay: service('environment: { A: "1" }'),
      environment: 'services: { orders: { environment: { A: 1 } } }',
    },
  ],
  ['ports without publish', { overlay: service('ports: ["80:80"]') }],
  [
    'a variable that the environment raises: the time follows',
    {
      own: service('stop_grace_period: 40s'),
      environment: 'services: { orders: { environment: { STOP_TIMEOUT_MS: "40000" } } }',
    },
  ],
])('has nothing to say of %s', (_, files) => {
  expect(problems(files)).toEqual([]);
});

it.each([
  [
    'a container name',
    { own: service('container_name: orders') },
    `${OWN}:3: only one container can have container_name "orders"`,
  ],
  [
    'one of the overlay',
    { overlay: service('container_name: orders') },
    `${OVERLAY}:3: only one container can have container_name`,
  ],
  [
    'one that is merged in',
    { own: `x-c: &c\n  container_name: orders\n${service('<<: *c')}` },
    OWN,
  ],
  [
    'replicas',
    { overlay: service('deploy: { replicas: 3 }') },
    `${OVERLAY}:3: deploy.replicas 3 has no effect on a deploy, which uses "replicas: 2": write "replicas: 3" under services.orders of environments/production.yml`,
  ],
  [
    'replicas beside those of the environment',
    {
      overlay: service('deploy:\n      replicas: 2'),
      environment: 'services: { orders: { replicas: 4 } }',
    },
    `${OVERLAY}:4: deploy.replicas 2 has no effect on a deploy, which uses "replicas: 4"`,
  ],
  ['scale', { own: service('scale: 5') }, `${OWN}:3: scale 5 has no effect`],
  ['an image', { overlay: service('image: other') }, `${OVERLAY}:3: image has no effect`],
  ['a build', { overlay: service('build: .') }, `${OVERLAY}:3: build has no effect`],
  [
    'ports beside publish',
    { overlay: service('ports: ["80:80"]'), environment: 'services: { orders: { publish: 80 } }' },
    `${OVERLAY}:3: ports have no effect`,
  ],
  [
    'limits beside resources',
    {
      overlay: service('deploy: { resources: { limits: { memory: 1G } } }'),
      environment: 'services: { orders: { resources: { memory: 2G } } }',
    },
    `${OVERLAY}:3: memory 1G has no effect`,
  ],
  [
    'a variable with two values',
    {
      overlay: service('environment:\n      - A=1'),
      environment: 'services: { orders: { environment: { A: 2 } } }',
    },
    `${OVERLAY}:3: A has no effect`,
  ],
  [
    'a time that is over before the service has stopped',
    { own: service('stop_grace_period: 15s\n    environment: { STOP_TIMEOUT_MS: "40000" }') },
    `${OWN}:3: stop_grace_period 15s ends orders before it has finished its work: STOP_TIMEOUT_MS is 40000. Write "stop_grace_period: 45s"`,
  ],
  [
    'that of the overlay beside the environment',
    {
      overlay: service('stop_grace_period: 30s'),
      environment: 'services: { orders: { environment: { STOP_TIMEOUT_MS: 30000 } } }',
    },
    `${OVERLAY}:3: stop_grace_period 30s ends orders before it has finished its work: environments/production.yml says STOP_TIMEOUT_MS 30000`,
  ],
])('names the line of %s', (_, files, start) => {
  const found = problems(files);
  expect(found).toHaveLength(1);
  expect(found[0]!.slice(0, start.length)).toBe(start);
});

it('names all at once', () => {
  const overlay = service('image: x\n    container_name: x\n    scale: 9');
  expect(problems({ own: service('container_name: x'), overlay })).toHaveLength(4);
});

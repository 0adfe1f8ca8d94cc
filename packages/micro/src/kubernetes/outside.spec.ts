import { expect, it } from 'vitest';
import { checkKubernetesEnvironment } from '../platform/kubernetes-environment';
import { parseYaml } from '../platform/yaml-source';
import { platformOf } from '../testing/platform';
import { missingAddresses } from './outside';

const PLATFORM = platformOf({
  orders: 'port: 3001\nbroker: rabbitmq\ndatastores: { database: postgres, cache: redis }\n',
});

const TEXT = 'engine: kubernetes\ncontext: far\nregistry: reg.example.com\n';

function missing(more: string): string[] {
  const text = `${TEXT}${more}`;
  const { source } = parseYaml('environments/production.yml', text);
  const environment = checkKubernetesEnvironment('production', source!);
  return missingAddresses(PLATFORM, environment).map(({ variable }) => variable);
}

it('says who runs the broker', () => {
  const { source } = parseYaml('environments/production.yml', TEXT);
  const environment = checkKubernetesEnvironment('production', source!);
  const platform = platformOf({ orders: 'port: 3001\nbroker: sqs\n' });
  expect(missingAddresses(platform, environment)).toEqual([
    { service: 'orders', variable: 'BROKER_URL', why: 'its broker is SQS, which AWS runs' },
  ]);
  expect(missingAddresses(PLATFORM, environment)).toEqual([
    {
      ...{ service: 'orders', variable: 'BROKER_URL', why: 'its broker is external' },
      or: '"broker: in-cluster" runs the one of compose.yaml',
    },
  ]);
});

it.each([
  ['', ['BROKER_URL']],
  ['broker: in-cluster', []],
  ['broker: in-cluster\ndatastores: external', ['DATABASE_URL', 'CACHE_REDIS_URL']],
  ['datastores: external', ['DATABASE_URL', 'CACHE_REDIS_URL', 'BROKER_URL']],
  [
    'datastores: external\nservices: { orders: { secrets: { DATABASE_URL: { file: url } }, environment: { BROKER_URL: x } } }',
    ['CACHE_REDIS_URL'],
  ],
  ['links: { orders: "https://orders.example.com" }', []],
])('%j lacks %j', (more, variables) => {
  expect(missing(more)).toEqual(variables);
});

import { expect, it } from 'vitest';
import { brokerProblem } from './render';

const environment = { file: 'environments/production.yml' };
const at = (variables: object) => ({ environment: variables });

it.each([
  ['sqs', at({ PORT: '3001' })],
  ['sqs', at({ BROKER_URL: '' })],
  ['sqs', {}],
] as const)('a service on %s with %j says no address of its broker', (broker, entry) => {
  expect(brokerProblem({ name: 'orders', broker }, entry, environment)).toBe(
    'orders has no BROKER_URL: its broker is SQS, which AWS runs. Write "BROKER_URL: sqs://<region>/<prefix of all names>" under services.orders.environment in environments/production.yml',
  );
});

it.each([
  ['sqs', at({ BROKER_URL: 'sqs://eu-central-1/shop' })],
  ['sqs', at({ BROKER_URL_FILE: '/run/secrets/BROKER_URL' })],
  // Its own URL comes with the broker's container.
  ['rabbitmq', {}],
  [undefined, {}],
] as const)('a service on %s with %j can be deployed', (broker, entry) => {
  expect(brokerProblem({ name: 'orders', broker }, entry, environment)).toBeUndefined();
});

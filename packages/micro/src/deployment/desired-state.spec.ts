import { expect, it } from 'vitest';
import { parseEnvironment } from '../platform/environment';
import { recordedTask } from '../testing/service-task';
import { declaredState } from './desired-state';

it('makes no account that the service does not use in the environment', () => {
  const { service } = recordedTask();
  const completed = { condition: 'service_completed_successfully' };
  const job = `${service.name}-database-accounts`;
  const atBroker = `${service.name}-broker-account`;
  const config = {
    services: { [service.name]: { depends_on: { [job]: completed, [atBroker]: completed } } },
  };
  const jobsIn = (text: string) => {
    const environment = parseEnvironment('production', `services:\n  ${service.name}:${text}`);
    const image = { key: 'k', image: 'i', source: 'engine' } as const;
    return declaredState({ config, service, environment, image, secrets: '' });
  };
  const own = '\n    secrets: { DATABASE_URL: { file: ./url } }\n';
  expect(jobsIn(own)).toMatchObject({ jobs: [atBroker] });
  expect([...jobsIn(own).needs.keys()]).toEqual([]);
  expect(jobsIn(' { environment: { BROKER_URL: amqp://x } }')).toMatchObject({ jobs: [job] });
  expect(jobsIn(' { environment: { LOG_LEVEL: debug } }').jobs).toHaveLength(2);
});

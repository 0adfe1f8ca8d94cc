import { expect, it } from 'vitest';
import { platformOf } from '../testing/platform';

it('is for services, and for gateways of them', () => {
  const catalog = 'port: 3001\ngraphql: true';
  const gateway = 'port: 3002\nkind: gateway\ngraphql: true\nconsumes: [catalog]';
  expect(() => platformOf({ catalog, gateway })).not.toThrow();
  expect(() => platformOf({ catalog: 'port: 3001', gateway })).toThrow(
    'service.yml:3: consumes no service with "graphql: true": add one to "consumes", or remove "graphql"',
  );
  expect(() => platformOf({ catalog: `kind: worker\n${catalog}` })).toThrow(
    'service.yml:3: a worker takes no calls: remove "graphql", or make it "kind: service"',
  );
});

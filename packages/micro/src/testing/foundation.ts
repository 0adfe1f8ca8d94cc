import { foundationOf, type Foundation } from '../ecs/foundation/resources';
import { checkEcsEnvironment } from '../platform/ecs-environment';
import { parseYaml } from '../platform/yaml-source';
import { platformOf } from './platform';

const PLATFORM = platformOf({
  'order-items': 'port: 3001\n',
  users: 'port: 3002\n',
  'v-2': 'port: 3003\n',
  v2: 'port: 3004\n',
});

export const SSM = 'arn:aws:ssm:eu-central-1:123456789012:parameter/acme/url';
export const SECRET = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:acme/stripe-AbCdEf';

/** An environment whose foundation has a resource of every type. */
export const ENVIRONMENT = `engine: ecs
region: eu-central-1
registry: 123456789012.dkr.ecr.eu-central-1.amazonaws.com/team
subnets: [subnet-0a]
securityGroups: [sg-0a]
executionRole: arn:aws:iam::123456789012:role/teams/acme/execution
links: { users: 'https://users.example.com' }
services:
  v2: { secrets: { URL: '${SSM}', KEY: '${SECRET}:key::' } }
  order-items: { secrets: { URL: '${SSM}' } }
`;

/** The environment that names no secrets. */
export const WITHOUT_SECRETS = ENVIRONMENT.slice(0, ENVIRONMENT.indexOf('services:'));

/** What the platform `acme` needs in `production`. */
export function exampleFoundation(text = ENVIRONMENT, platform = PLATFORM): Foundation {
  const names = platform.services.map(({ name }) => name);
  const { source } = parseYaml('environments/production.yml', text);
  return foundationOf(platform, checkEcsEnvironment('production', source!, names));
}

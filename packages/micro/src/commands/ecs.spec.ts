import { expect, it } from 'vitest';
import { runCommand } from '../testing/shell';
import { temporaryWorkspace } from '../testing/temporary-workspace';
import { topologyCommand } from './topology/command';

const ENVIRONMENT = `engine: ecs
region: eu-central-1
registry: reg.example.com
subnets: [subnet-0a]
securityGroups: [sg-0a]
executionRole: execution
`;

it('topology --serve says that it does not know Amazon ECS', async () => {
  const root = temporaryWorkspace({
    'package.json': JSON.stringify({ name: '@acme/source' }),
    'apps/orders/service.yml': 'port: 3001\n',
    'apps/orders/package.json': JSON.stringify({ name: 'orders' }),
    'environments/production.yml': ENVIRONMENT,
  });
  await expect(runCommand(topologyCommand, root, '--serve -e production')).rejects.toThrow(
    'environments/production.yml: "production" runs on Amazon ECS, which this command does not know yet: use "nx ecs-deploy", or "micro render -e production"',
  );
});

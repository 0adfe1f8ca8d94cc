import { expect, it } from 'vitest';
import { failure, recordingRunner } from '../../testing/recording-runner';
import { runCommand } from '../../testing/shell';
import { temporaryWorkspace } from '../../testing/temporary-workspace';
import { doctorCommand } from './command';

const ENVIRONMENT = `engine: ecs
region: eu-central-1
registry: reg.example.com
subnets: [subnet-0a]
securityGroups: [sg-0a]
executionRole: execution
`;

async function doctor(entry: object) {
  const root = temporaryWorkspace({
    'package.json': JSON.stringify({ name: '@acme/source' }),
    'compose.yaml': '',
    'environments/live.yml': ENVIRONMENT,
    'apps/orders/service.yml': 'port: 3001\n',
    'apps/orders/package.json': JSON.stringify({ name: 'orders' }),
  });
  const runner = recordingRunner((line) =>
    line.startsWith('docker') && line.includes('compose')
      ? { stdout: JSON.stringify({ services: { orders: entry } }) }
      : failure('no'),
  );
  const { output } = await runCommand(doctorCommand, root, '-e live --json', { runner });
  const checks = JSON.parse(output) as { level: string; what: string; says: string }[];
  return checks.filter(({ what }) => what === 'ECS').map(({ level, says }) => [level, says]);
}

it('says if every service can be rendered for ECS', async () => {
  expect(await doctor({})).toEqual([['ok', 'every service can be rendered']]);
});

it('names what keeps one from it, before anything is pushed', async () => {
  expect(await doctor({ environment: { TOKEN: '${TOKEN}' }, env_file: ['a'] })).toEqual([
    [
      'fail',
      'environments/live.yml:1: services.orders has no TOKEN: its value is in .env, which no task has. Add its ARN under "secrets"',
    ],
    [
      'fail',
      'apps/orders/compose.yaml:1: "env_file" of orders is not rendered for ECS: remove it, or keep orders on an environment with "engine: compose" and name its address under "links"',
    ],
  ]);
});

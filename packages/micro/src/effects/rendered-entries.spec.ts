import { expect, it } from 'vitest';
import { parseEnvironment } from '../platform/environment';
import { platformOf } from '../testing/platform';
import { failure, recordingRunner, type Answer } from '../testing/recording-runner';
import { temporaryWorkspace } from '../testing/temporary-workspace';
import { renderEntries } from './rendered-entries';

const platform = platformOf({ orders: 'port: 3001\n', users: 'port: 3002\n' });
const environment = parseEnvironment('staging', 'context: far\n');

async function render(answer: Answer) {
  const runner = recordingRunner(answer);
  const workspaceRoot = temporaryWorkspace({
    'compose.yaml': '',
    'environments/staging.compose.yaml': '',
  });
  const rendered = await renderEntries({ workspaceRoot, runner }, platform, environment, new Map());
  return { rendered, lines: runner.lines.map((line) => line.replace(/\S+\/micro-\w+\//g, '')) };
}

const COMPOSE =
  'docker --context far compose --file compose.yaml --file environments/staging.compose.yaml';
const CONFIG = '--project-name acme-staging config';

it('renders every service in one question if each is surely included', async () => {
  const entry = { image: 'x', restart: 'always' };
  const { rendered, lines } = await render(() => ({
    stdout: JSON.stringify({ services: { orders: entry, users: entry, db: { image: 'y' } } }),
  }));
  expect(lines).toEqual([
    `${COMPOSE} --file orders.yaml --file users.yaml ${CONFIG} --format json`,
  ]);
  expect(rendered).toMatchObject({ config: { services: { orders: entry, users: entry } } });
});

it('renders only the included services, with the settings of the environment', async () => {
  const { rendered, lines } = await render((line) => ({
    stdout: line.includes('--services') ? 'orders\n' : '{"services":{"orders":{"image":"x"}}}',
  }));
  expect(lines).toEqual([
    `${COMPOSE} --file orders.yaml --file users.yaml ${CONFIG} --format json`,
    `${COMPOSE} ${CONFIG} --services`,
    `${COMPOSE} --file orders.yaml ${CONFIG} --format json`,
  ]);
  expect(rendered).toEqual({
    kind: 'rendered',
    config: { services: { orders: { image: 'x', stop_grace_period: '40s' } } },
    publications: [],
  });
});

it('renders those that are included if the override of another one is no entry', async () => {
  const { rendered } = await render((line) => {
    if (line.includes('--services')) return { stdout: 'orders\n' };
    if (line.includes('users.yaml'))
      return failure('service "users" has neither an image nor a build context');
    return { stdout: '{"services":{"orders":{"image":"x"}}}' };
  });
  expect(rendered).toMatchObject({ kind: 'rendered', config: { services: { orders: {} } } });
});

it('reports files that cannot be read, so that the rest of the report can be made', async () => {
  const { rendered } = await render(() => failure('ORDERS_DATABASE_PASSWORD: run "npx micro env"'));
  expect(rendered).toMatchObject({
    kind: 'unreadable',
    problem: expect.stringContaining('npx micro env') as string,
  });
});

it('throws if no engine answers: then there is no report', async () => {
  const down = failure('Cannot connect to the Docker daemon at unix:///x');
  await expect(render(() => down)).rejects.toThrow(/no Docker Engine answers/);
});

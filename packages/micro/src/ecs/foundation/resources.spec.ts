import { expect, it } from 'vitest';
import { SERVICE_NAME } from '../../platform/name';
import { ENVIRONMENT, exampleFoundation } from '../../testing/foundation';
import { platformOf } from '../../testing/platform';
import { terraformResources } from './terraform';

const WITHOUT_LINKS = ENVIRONMENT.slice(0, ENVIRONMENT.indexOf('links:'));

function repositoriesOf(names: readonly string[]) {
  const manifests = names.map((name, at) => [name, `port: ${3001 + at}\n`] as const);
  const platform = platformOf(Object.fromEntries(manifests));
  const { resources } = exampleFoundation(WITHOUT_LINKS, platform);
  return Object.entries(resources).filter(([, { Type }]) => Type === 'AWS::ECR::Repository');
}

it.each([
  ['order-items', 'OrderItemsRepository'],
  ['v2', 'V2Repository'],
  ['v-2', 'VDash2Repository'],
  ['v-dash2', 'VDashdash2Repository'],
  ['dash-board', 'DashBoardRepository'],
  ['a-dash', 'ADashRepository'],
])('names the repository of %s %s', (name, logical) => {
  expect(repositoriesOf([name]).map(([key]) => key)).toEqual([logical]);
});

it('gives no two services the same name', () => {
  const pieces = ['v', '2', '-', 'dash'];
  let names = [''];
  const all = new Set<string>();
  for (let length = 1; length <= 6; length++) {
    names = names.flatMap((start) => pieces.map((piece) => start + piece));
    for (const name of names) if (SERVICE_NAME.test(name)) all.add(name);
  }
  const repositories = repositoriesOf([...all]);
  expect(repositories).toHaveLength(all.size);
  const labels = repositories.flatMap(([name, resource]) =>
    terraformResources(name, resource).map((block) => block.labels!.join('.')),
  );
  expect(new Set(labels).size).toBe(all.size);
});

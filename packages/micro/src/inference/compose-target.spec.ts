import { expect, it } from 'vitest';
import { DEFAULT_TARGET_NAMES, serviceTargets } from './targets';

const facts = { root: 'apps/gateway', environments: [], bundlers: ['esbuild'] };
const schemas = ['apps/catalog/src/schema.graphql', 'apps/reviews/src/schema.graphql'];

it('composes anew if a schema of a subgraph changed, and only then', () => {
  const targets = serviceTargets({ ...facts, schemas }, DEFAULT_TARGET_NAMES);
  expect(targets['graphql-compose']).toMatchObject({
    cache: true,
    inputs: [
      '{projectRoot}/subgraphs.json',
      '{projectRoot}/src/persisted-operations.json',
      ...schemas.map((file) => `{workspaceRoot}/${file}`),
      { externalDependencies: ['@theguild/federation-composition', 'graphql'] },
    ],
    outputs: ['{projectRoot}/src/supergraph.graphql'],
  });
  expect(targets['build']?.dependsOn).toEqual(['graphql-compose']);
  expect(targets['serve']?.dependsOn).toEqual(['graphql-compose']);
  expect(targets['build']?.inputs).toContainEqual({
    dependentTasksOutputFiles: '**/src/supergraph.graphql',
  });
});

it('is not there without subgraphs', () => {
  const targets = serviceTargets(facts, DEFAULT_TARGET_NAMES);
  expect(targets).not.toHaveProperty('graphql-compose');
  expect(targets['build']?.dependsOn).toBeUndefined();
});

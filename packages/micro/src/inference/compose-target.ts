import type { TargetConfiguration } from '@nx/devkit';
import { OPERATIONS_FILE, SUBGRAPHS_FILE, SUPERGRAPH_FILE } from '../platform/subgraphs-file';

/** Composes the schema of a gateway from those of its subgraphs. */
export const COMPOSE_TARGET = 'graphql-compose';

/** Packages whose version decides what the composed schema looks like. */
const COMPOSERS = ['@theguild/federation-composition', 'graphql'];

/** What `build` reads of it. The file that was there before it was composed again decides nothing. */
export const COMPOSED_INPUTS: NonNullable<TargetConfiguration['inputs']> = [
  `!{projectRoot}/${SUPERGRAPH_FILE}`,
  { dependentTasksOutputFiles: `**/${SUPERGRAPH_FILE}` },
];

/**
 * Whether a gateway can compose: Nx would refuse to run anything if a target named packages that are not installed.
 *
 * @param manifest the text of its package.json.
 */
export function hasComposers(manifest: string): boolean {
  const { dependencies, devDependencies } = JSON.parse(manifest) as Record<string, object>;
  const named = { ...dependencies, ...devDependencies };
  return COMPOSERS.every((name) => name in named);
}

/** @param schemas the files of the subgraphs, relative to the workspace root: a change of anything else composes nothing. */
export function composeTarget(schemas: readonly string[]): Record<string, TargetConfiguration> {
  return {
    [COMPOSE_TARGET]: {
      executor: '@org/micro:graphql-compose',
      cache: true,
      inputs: [
        `{projectRoot}/${SUBGRAPHS_FILE}`,
        `{projectRoot}/${OPERATIONS_FILE}`,
        ...schemas.map((file) => `{workspaceRoot}/${file}`),
        { externalDependencies: COMPOSERS },
      ],
      outputs: [`{projectRoot}/${SUPERGRAPH_FILE}`],
      options: {},
      metadata: {
        technologies: ['graphql'],
        description: 'Compose the GraphQL schema of the gateway from its subgraphs',
        help: { command: `npx nx run {projectName}:${COMPOSE_TARGET} --help`, example: {} },
      },
    },
  };
}

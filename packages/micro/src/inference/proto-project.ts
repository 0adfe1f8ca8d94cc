import type { TargetConfiguration } from '@nx/devkit';

/** The file that makes a project one with gRPC contracts. */
export const GENERATION_FILE = 'buf.gen.yaml';

/** Generates code from contracts; services depend on it. */
export const GENERATE_TARGET = 'proto-generate';

/** Packages whose version decides what the generated code looks like. */
const GENERATORS = ['@bufbuild/buf', '@bufbuild/protoc-gen-es'];

/**
 * Whether a library's contracts are generated as ours are: it names the generators among its own packages. Nx would
 * refuse to run anything if a target named packages that are not installed.
 *
 * @param manifest the text of its package.json.
 */
export function hasGenerators(manifest: string): boolean {
  const { dependencies, devDependencies } = JSON.parse(manifest) as Record<string, object>;
  const named = { ...dependencies, ...devDependencies };
  return GENERATORS.every((name) => name in named);
}

/**
 * The targets of a library with gRPC contracts.
 *
 * @param baseBranch with which its contracts are compared, unless `--against` names something else.
 */
export function protoTargets(
  root: string,
  baseBranch: string,
): Record<string, TargetConfiguration> {
  const sources = [
    '{projectRoot}/proto/**/*.proto',
    '{projectRoot}/buf.yaml',
    '{projectRoot}/buf.gen.yaml',
  ];
  const up = root
    .split('/')
    .map(() => '..')
    .join('/');
  return {
    [GENERATE_TARGET]: {
      executor: 'nx:run-commands',
      cache: true,
      inputs: [...sources, { externalDependencies: GENERATORS }],
      outputs: ['{projectRoot}/src/gen'],
      options: { command: 'buf generate', cwd: '{projectRoot}' },
      metadata: metadata('Generate code from the gRPC contracts', GENERATE_TARGET),
    },
    'proto-breaking': {
      executor: 'nx:run-commands',
      // It compares with a commit, which no input names.
      cache: false,
      inputs: sources,
      options: {
        command: `buf breaking --against ${up}/.git#branch=${baseBranch},subdir=${root}`,
        cwd: '{projectRoot}',
      },
      metadata: metadata(
        'Name the changes of the gRPC contracts that break running callers',
        'proto-breaking',
      ),
    },
  };
}

function metadata(description: string, target: string): TargetConfiguration['metadata'] {
  return {
    technologies: ['grpc'],
    description,
    help: { command: `npx nx run {projectName}:${target} --help`, example: {} },
  };
}

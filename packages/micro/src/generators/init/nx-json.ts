import type { NxJsonConfiguration } from '@nx/devkit';
import type { JsonEdit } from '../json-text';

export const PLUGIN = '@org/micro';
export const SYNC_GENERATOR = '@org/micro:sync';

/** Files of a service that no artifact is made of: a change in them must not build an image. */
const NOT_IN_PRODUCTION = [
  '!{projectRoot}/Dockerfile',
  '!{projectRoot}/Dockerfile.dockerignore',
  '!{projectRoot}/compose.yaml',
  '!{projectRoot}/.serve.env',
  '!{projectRoot}/**/*.{spec,test}.ts',
  '!{projectRoot}/**/*.md',
  '!{projectRoot}/eslint.config.*',
  '!{projectRoot}/vitest.config.*',
  '!{projectRoot}/tsconfig.spec.json',
];

/** Targets that services get from their package.json unless a plugin of the workspace infers them. */
export type ScriptTarget = 'lint' | 'test' | 'typecheck';

/** The registered plugins that infer a script target, and whether that one's options switch it off. */
const INFERRED_BY: readonly { target: ScriptTarget; plugins: readonly string[] }[] = [
  { target: 'lint', plugins: ['@nx/eslint/plugin'] },
  { target: 'test', plugins: ['@nx/vitest', '@nx/vite/plugin'] },
  { target: 'typecheck', plugins: ['@nx/js/typescript'] },
];

const TARGET_DEFAULTS: Record<ScriptTarget, { cache: true; inputs: string[] }> = {
  lint: { cache: true, inputs: ['default', '{workspaceRoot}/eslint.config.*'] },
  test: { cache: true, inputs: ['default', '^production'] },
  typecheck: { cache: true, inputs: ['default', '^production', '{workspaceRoot}/tsconfig*.json'] },
};

/** The edits of nx.json that are still missing; what a person set stays. */
export function planNxJson(nxJson: NxJsonConfiguration): JsonEdit[] {
  const { plugins = [], sync, namedInputs = {}, pluginsConfig = {}, targetDefaults = {} } = nxJson;
  const generators = sync?.globalGenerators ?? [];
  const update = (pluginsConfig['@nx/js'] as { projectsAffectedByDependencyUpdates?: unknown })
    ?.projectsAffectedByDependencyUpdates;
  return [
    ...planNamedInputs(namedInputs),
    {
      path: ['pluginsConfig', '@nx/js', 'projectsAffectedByDependencyUpdates'],
      from: update,
      to: update ?? 'auto',
    },
    {
      path: ['plugins'],
      from: plugins,
      to: isRegistered(nxJson) ? plugins : [...plugins, PLUGIN],
    },
    {
      path: ['sync', 'globalGenerators'],
      from: generators,
      to: generators.includes(SYNC_GENERATOR) ? generators : [...generators, SYNC_GENERATOR],
    },
    ...scriptTargets(nxJson).map((target) => ({
      path: ['targetDefaults', target],
      from: targetDefaults[target],
      to: targetDefaults[target] ?? TARGET_DEFAULTS[target],
    })),
  ];
}

/** Whether the workspace was set up before. */
export function isRegistered({ plugins = [] }: NxJsonConfiguration): boolean {
  return plugins.some((plugin) => /^@org\/micro(\/plugin)?$/.test(pluginName(plugin)));
}

/** The targets that no registered plugin infers, so that a service needs a script for them. */
export function scriptTargets({ plugins = [] }: NxJsonConfiguration): ScriptTarget[] {
  return INFERRED_BY.filter(
    ({ target, plugins: inferring }) =>
      !plugins.some(
        (plugin) => inferring.includes(pluginName(plugin)) && optionsOf(plugin)[target] !== false,
      ),
  ).map(({ target }) => target);
}

const SCRIPTS: Record<ScriptTarget, string> = {
  lint: 'eslint .',
  test: 'vitest run',
  typecheck: 'tsc --build',
};

/** The scripts of a package for targets that nothing infers. */
export function packageScripts(targets: readonly ScriptTarget[]): Record<string, string> {
  return Object.fromEntries(targets.map((target) => [target, SCRIPTS[target]]));
}

function planNamedInputs(namedInputs: NonNullable<NxJsonConfiguration['namedInputs']>): JsonEdit[] {
  const production = namedInputs['production'] ?? ['default'];
  const standard: NonNullable<NxJsonConfiguration['namedInputs']> = {
    default: ['{projectRoot}/**/*', 'sharedGlobals'],
    sharedGlobals: [],
  };
  return [
    ...Object.entries(standard)
      .filter(([name]) => name === 'default' || !namedInputs['default'])
      .map(([name, value]) => ({
        path: ['namedInputs', name],
        from: namedInputs[name],
        to: namedInputs[name] ?? value,
      })),
    {
      path: ['namedInputs', 'production'],
      from: namedInputs['production'],
      to: [...production, ...NOT_IN_PRODUCTION.filter((input) => !production.includes(input))],
    },
  ];
}

type RegisteredPlugin = NonNullable<NxJsonConfiguration['plugins']>[number];

function pluginName(plugin: RegisteredPlugin): string {
  return typeof plugin === 'string' ? plugin : plugin.plugin;
}

function optionsOf(plugin: RegisteredPlugin): Record<string, unknown> {
  return typeof plugin === 'string' ? {} : ((plugin.options ?? {}) as Record<string, unknown>);
}

import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const SRC = 'packages/micro/src';

/** Folders that derive one document or decision each from the platform: values in, values out. */
const PURE = [
  'edge',
  ...['compose', 'discovery', 'dockerfile', 'topology', 'docker', 'image', 'artifact', 'pipeline'],
  ...['scan', 'versioning', 'graphql', 'lambda'],
  ...['deployment', 'kubernetes', 'ecs', 'terminal'],
];

/** What of node:fs writes, or would bring in all of it at once. */
const WRITES =
  '^(default$|promises$|append|chmod|chown|copy|cp|createWrite|link|mk|open|rename|rm|symlink|truncate|unlink|utimes|write)';

function siblingsOf(folders) {
  return {
    regex: String.raw`^\.\./(${folders.join('|')})(/|$)`,
    allowTypeImports: true,
    message: 'Derivations share types and platform/, not code: let the caller pass the value in.',
  };
}

/** The ways out of pure code. Each says what to do instead. */
const ban = {
  effects: {
    regex: '(^|/)effects(/|$)',
    message:
      'Pure code returns a value; let the generator, executor or plugin hand it to effects/.',
  },
  effectValues: {
    regex: '(^|/)effects(/|$)',
    allowTypeImports: true,
    message: 'A plan takes facts as values: let the executor or plugin read them and act.',
  },
  edges: {
    regex: String.raw`^\.\.?/(.*/)?(generators|executors|commands|inference|bin)(/|$)`,
    message: 'Dependencies run one way: move what is shared to the folder of the noun it is about.',
  },
  executors: {
    regex: String.raw`^\.\.?/(.*/)?executors(/|$)`,
    message:
      'A command and an executor share nouns, not code: the pure ones are in deployment/, what acts is in effects/.',
  },
  edgeValues: {
    regex: String.raw`^\.\.?/(.*/)?(generators|executors|commands|inference|bin)(/|$)`,
    allowTypeImports: true,
    message: 'effects/ is called, it does not call: take the value as an argument.',
  },
  siblings: siblingsOf(PURE),
  /** What an engine derives is built on what every engine shares. */
  engineSiblings: siblingsOf(PURE.filter((folder) => folder !== 'deployment')),
  processes: {
    regex: '^(node:)?child_process$',
    message: 'Only effects/ starts processes: build an argv here and run it there.',
  },
  files: {
    regex: '^(node:)?fs(/promises)?$',
    message: 'Pure code takes contents as arguments: read files in effects/ or from the Nx tree.',
  },
  fileWrites: {
    regex: '^(node:)?fs(/promises)?$',
    importNamePattern: WRITES,
    message: 'Only effects/ writes to the disk; a generator writes to the Nx tree.',
  },
  nx: {
    regex: '^(@nx/|nx(/|$))',
    message: 'Pure code does not know Nx: take what you need of the project graph as an argument.',
  },
  nxValues: {
    regex: '^(@nx/|nx(/|$))',
    allowTypeImports: true,
    message: "A plan may use Nx's types only: read the graph in the executor or plugin.",
  },
  nxInternals: {
    regex: '^(nx/src|@nx/[^/]+/src|@nx/devkit/internal)(/|$)',
    message: 'Nx blocks deep imports from version 23: use what @nx/devkit exports.',
  },
  outside: {
    regex: String.raw`^(?!\./|(zod|yaml|fastest-levenshtein)$)`,
    message:
      'platform/ is the bottom layer: it imports its own files, zod, yaml and fastest-levenshtein only.',
  },
};

/** A folder's imports. A later block of the same file replaces an earlier one, so each is complete. */
const layer = (files, bans) => ({
  files: files.map((glob) => `${SRC}/${glob}`),
  ignores: ['**/*.spec.ts', `${SRC}/testing/**`],
  rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns: bans }] },
});

export default defineConfig(
  {
    ignores: [
      '**/dist/',
      '**/node_modules/',
      '**/files/',
      '**/.nx/',
      '**/out-tsc/',
      '**/tmp/',
      '**/coverage/',
      // Generated from .proto files.
      '**/*_pb.ts',
    ],
  },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      // One program for everything: quicker than a project service, and specs are in it.
      parserOptions: { project: './tsconfig.check.json', tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      // Types of libraries declare functions like methods; classes, where `this` can get lost, are few.
      '@typescript-eslint/unbound-method': 'off',
      'no-restricted-syntax': [
        'error',
        {
          selector: 'ExportDefaultDeclaration',
          message: 'Export by name: a default export only where Nx or a tool asks for one.',
        },
      ],
    },
  },
  {
    // The services lint with what they were generated with; here without type information.
    files: ['apps/**/*.ts'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { parserOptions: { project: null } },
    rules: { '@typescript-eslint/switch-exhaustiveness-check': 'off' },
  },
  {
    files: [
      `${SRC}/generators/*/generator.ts`,
      `${SRC}/executors/*/executor.ts`,
      `${SRC}/executors/*/batch.ts`,
      `${SRC}/inference/{plugin,version-actions}.ts`,
      '**/*.config.*',
      'apps/*/src/graphql-files.d.ts',
      'tools/ci/*-reporter.ts',
      'e2e/*-setup.ts',
      'tools/testing/*-setup.ts',
    ],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    // Runs in a browser, as it stands there.
    files: [`${SRC}/topology/browser/script.js`],
    languageOptions: {
      sourceType: 'script',
      globals: Object.fromEntries(
        ['addEventListener', 'CSS', 'document', 'fetch', 'history', 'localStorage', 'location']
          .concat(['matchMedia', 'setTimeout'])
          .map((name) => [name, 'readonly']),
      ),
    },
  },
  layer(['platform/**/*.ts'], [ban.outside]),
  layer(
    PURE.map((folder) => `${folder}/**/*.ts`),
    [ban.effects, ban.edges, ban.siblings, ban.processes, ban.files, ban.nx],
  ),
  layer(
    ['edge/**/*.ts', 'kubernetes/**/*.ts', 'ecs/**/*.ts'],
    [ban.effects, ban.edges, ban.engineSiblings, ban.processes, ban.files, ban.nx],
  ),
  layer(
    ['generators', 'executors', 'inference', 'bin']
      .map((folder) => `${folder}/**/*.ts`)
      .concat('index.ts'),
    [ban.processes, ban.fileWrites, ban.nxInternals],
  ),
  layer(['commands/**/*.ts'], [ban.executors, ban.processes, ban.fileWrites, ban.nxInternals]),
  layer(
    [
      'executors/*/plan.ts',
      'inference/targets.ts',
      ...[
        'status/{report,drift,format}',
        'logs/{log-line,format,merge}',
        'doctor/{checks,ports}',
        'backup/{manifest,plan}',
        'restore/plan',
      ].map((files) => `commands/${files}.ts`),
    ],
    [ban.effectValues, ban.executors, ban.processes, ban.files, ban.nxValues],
  ),
  layer(['effects/**/*.ts'], [ban.edgeValues, ban.nxInternals]),
  {
    files: ['packages/chassis/src/*/**/*.ts'],
    ignores: ['**/*.spec.ts', 'packages/chassis/src/testing/**'],
    rules: {
      'max-lines': ['error', 300],
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: String.raw`^\.\./[^/]+\.js$`,
              message:
                'The root of src/ holds only what services import: import from the folder it comes from.',
            },
          ],
        },
      ],
    },
  },
);

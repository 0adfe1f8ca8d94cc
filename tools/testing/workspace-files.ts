import nx from 'nx/package.json' with { type: 'json' };

/**
 * The files that `create-nx-workspace --preset=ts` writes, by path, without README and editor settings. Kept here
 * because that command takes 25 s and loads a version of itself from the network.
 */
export function emptyWorkspace(name: string): Record<string, string> {
  return {
    'package.json': json({
      name: `@${name}/source`,
      version: '0.0.0',
      license: 'MIT',
      scripts: {},
      private: true,
      dependencies: {},
      devDependencies: {
        '@nx/js': nx.version,
        '@swc/helpers': '~0.5.18',
        nx: nx.version,
        prettier: '~3.6.2',
        tslib: '^2.3.0',
        typescript: '~6.0.3',
      },
      workspaces: ['packages/*'],
    }),
    'nx.json': json({
      $schema: './node_modules/nx/schemas/nx-schema.json',
      analytics: false,
      namedInputs: {
        default: ['{projectRoot}/**/*', 'sharedGlobals'],
        production: ['default'],
        sharedGlobals: [],
      },
      plugins: [
        {
          plugin: '@nx/js/typescript',
          options: {
            typecheck: { targetName: 'typecheck' },
            build: {
              targetName: 'build',
              configName: 'tsconfig.lib.json',
              buildDepsName: 'build-deps',
              watchDepsName: 'watch-deps',
            },
          },
        },
      ],
    }),
    'tsconfig.base.json': json({
      compilerOptions: {
        composite: true,
        declarationMap: true,
        emitDeclarationOnly: true,
        importHelpers: true,
        isolatedModules: true,
        lib: ['es2022'],
        module: 'nodenext',
        moduleResolution: 'nodenext',
        noEmitOnError: true,
        noFallthroughCasesInSwitch: true,
        noImplicitOverride: true,
        noImplicitReturns: true,
        noUnusedLocals: true,
        skipLibCheck: true,
        strict: true,
        target: 'es2022',
        customConditions: [`@${name}/source`],
      },
    }),
    'tsconfig.json': json({
      extends: './tsconfig.base.json',
      compileOnSave: false,
      files: [],
      references: [],
    }),
    '.gitignore': 'dist\ntmp\nout-tsc\nnode_modules\n.nx/cache\n.nx/workspace-data\n',
    '.prettierrc': json({ singleQuote: true }),
  };
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

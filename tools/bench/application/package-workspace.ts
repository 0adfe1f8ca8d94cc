import { json } from './json.js';
import { LIBRARIES, SCOPE } from './services.js';
import type { Files } from './sources.js';

/** The three libraries as packages of an npm workspace, as `@nx/js:library` makes them. */
export function libraryPackages(): Files {
  return Object.fromEntries(
    LIBRARIES.flatMap((library) => [
      [
        `packages/${library}/package.json`,
        json({
          name: `${SCOPE}/${library}`,
          version: '0.0.1',
          private: true,
          type: 'module',
          main: './dist/index.js',
          types: './dist/index.d.ts',
          exports: {
            './package.json': './package.json',
            '.': {
              [`${SCOPE}/source`]: './src/index.ts',
              types: './dist/index.d.ts',
              import: './dist/index.js',
              default: './dist/index.js',
            },
          },
          files: ['dist', '!**/*.tsbuildinfo'],
        }),
      ],
      [
        `packages/${library}/tsconfig.json`,
        json({
          extends: '../../tsconfig.base.json',
          files: [],
          include: [],
          references: [{ path: './tsconfig.lib.json' }],
        }),
      ],
      [
        `packages/${library}/tsconfig.lib.json`,
        json({
          extends: '../../tsconfig.base.json',
          compilerOptions: {
            rootDir: 'src',
            outDir: 'dist',
            tsBuildInfoFile: 'dist/tsconfig.lib.tsbuildinfo',
            emitDeclarationOnly: false,
            types: ['node'],
          },
          include: ['src/**/*.ts'],
          references: [],
        }),
      ],
    ]),
  );
}

import { describe, expect, it } from 'vitest';
import { withoutArchivePaths } from './archive-paths';

const bundleOf = (home: string) => {
  const pino = `${home}/cache/pino-npm-9.0.0-1234567890-10c0.zip/node_modules/pino/pino.js`;
  const fastify = `.yarn/__virtual__/fastify-virtual-abc/4/${home.replace('../../', '')}/cache/fastify-npm-5.0.0-0-10c0.zip/node_modules/fastify/fastify.js`;
  const bundled = '.yarn/unplugged/a-npm-1.0.0-0/node_modules/a/node_modules/b/index.js';
  return {
    inputs: [pino, fastify, bundled, 'apps/orders/src/main.ts'],
    code: `// ${pino}
var require_pino = __commonJS({
  "${pino}"(exports, module) {}
});
// ${fastify}
// ${bundled}
// apps/orders/src/main.ts
console.log('.yarn/unplugged', 'node_modules/x');
`,
  };
};

describe('withoutArchivePaths', () => {
  it('names files as if their packages were in node_modules', () => {
    const { code, inputs } = bundleOf('../../home/ada/.yarn/berry');
    expect(withoutArchivePaths(code, inputs)).toBe(`// node_modules/pino/pino.js
var require_pino = __commonJS({
  "node_modules/pino/pino.js"(exports, module) {}
});
// node_modules/fastify/fastify.js
// node_modules/a/node_modules/b/index.js
// apps/orders/src/main.ts
console.log('.yarn/unplugged', 'node_modules/x');
`);
  });

  it('gives the same text in the home folder of each person', () => {
    const [ada, grace] = [bundleOf('../../home/ada/.yarn'), bundleOf('../../home/grace/.yarn')];
    expect(withoutArchivePaths(ada.code, ada.inputs)).toBe(
      withoutArchivePaths(grace.code, grace.inputs),
    );
  });

  it('changes nothing of packages in node_modules', () => {
    const code = '// node_modules/a/index.js\n';
    expect(withoutArchivePaths(code, ['node_modules/a/index.js'])).toBe(code);
  });
});

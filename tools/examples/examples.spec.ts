import { basename, dirname } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { readDescription } from '../../packages/micro/src/generators/platform/description.js';
import { parseAnyEnvironment } from '../../packages/micro/src/platform/environment.js';
import { parseManifest } from '../../packages/micro/src/platform/manifest.js';
import {
  formatProblem,
  PlatformError,
  type Problem,
} from '../../packages/micro/src/platform/problem.js';
import { parseYaml } from '../../packages/micro/src/platform/yaml-source.js';
import { commandLines } from './command-lines.js';
import { chassisExports } from './chassis-exports.js';
import { commandProblem } from './known-commands.js';
import { documents, readExamples, type Example } from './markdown.js';

const examples = documents().flatMap((document) => readExamples(document));
const of = (...languages: string[]) =>
  examples.filter(({ language }) => languages.includes(language));

describe.each(of('yaml', 'yml'))('the example at $place', (example) => {
  it('is valid', () => {
    expect(yamlProblems(example).map(formatProblem)).toEqual([]);
  });
});

describe.each(of('sh', 'bash'))('the commands at $place', ({ text }) => {
  it('exist, with all their options', async () => {
    const problems = await Promise.all(
      commandLines(text).map(async ({ words }) => {
        const problem = await commandProblem(words);
        return problem === undefined ? [] : [`${words.join(' ')}: ${problem}`];
      }),
    );
    expect(problems.flat()).toEqual([]);
  });
});

describe.each(of('ts'))('the code at $place', ({ text }) => {
  it('is TypeScript, and its imports exist', () => {
    const { diagnostics = [] } = ts.transpileModule(text, {
      reportDiagnostics: true,
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ESNext },
    });
    expect(diagnostics.map(({ messageText }) => messageText)).toEqual([]);
    expect(importsOf(text).filter(({ module, name }) => !chassisExports(module, name))).toEqual([]);
  });
});

function yamlProblems({ path, text }: Example): readonly Problem[] {
  const name = basename(path ?? '');
  if (name === 'service.yml') return parseManifest(path!, text).problems;
  if (name === 'platform.yml') return readDescription(path!, text).problems;
  if (dirname(path ?? '') === 'environments' && name.endsWith('.yml')) {
    try {
      parseAnyEnvironment(basename(name, '.yml'), text);
      return [];
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error;
      return error.problems;
    }
  }
  const isOther = /\.ya?ml$/.test(name);
  const problem = {
    file: 'example',
    message: 'its first line does not name its file: # apps/orders/service.yml',
  };
  return isOther ? parseYaml(path!, text).problems : [problem];
}

/** What a module imports from @org/chassis. */
function importsOf(text: string): { module: string; name: string }[] {
  const source = ts.createSourceFile('example.ts', text, ts.ScriptTarget.ESNext);
  return source.statements
    .filter(ts.isImportDeclaration)
    .flatMap(({ moduleSpecifier, importClause }) => {
      const module = (moduleSpecifier as ts.StringLiteral).text;
      const bindings = importClause?.namedBindings;
      if (!/^@org\/chassis(\/|$)/.test(module) || !bindings || !ts.isNamedImports(bindings))
        return [];
      return bindings.elements.map((element) => ({
        module,
        name: (element.propertyName ?? element.name).text,
      }));
    });
}

describe('the check itself', () => {
  const [example] = readExamples(
    'a.md',
    '1. x\n   ```yaml\n   # apps/a/service.yml\n   port: 3001\n   prt: 1\n   ```\n',
  );

  it('finds a wrong key in a manifest, with its place', () => {
    expect(example).toMatchObject({ place: 'a.md:3', path: 'apps/a/service.yml' });
    expect(yamlProblems(example!).map(formatProblem)[0]).toMatch(
      /^apps\/a\/service\.yml:3: unknown key "prt"/,
    );
  });

  it.each([
    ['npx nx g @org/micro:servce a', 'there is no generator "@org/micro:servce"'],
    ['nx g @org/micro:service a --ports=1', '@org/micro:service has no option "ports"'],
    ['nx g @org/micro:service a b', '@org/micro:service takes 1 words, not 2'],
    ['npx nx run-many -t docker-bild', 'there is no target "docker-bild"'],
    ['npx nx docker-push orders --tag=x', 'docker-push has no option "tag"'],
    ['npx micro stats', 'there is no command "micro stats"'],
    ['npx micro logs --since 1h --colour # x', 'micro logs has no option "colour"'],
  ])('finds the problem in "%s"', async (line, problem) => {
    expect(await commandProblem(commandLines(line)[0]!.words)).toBe(problem);
  });

  it('splits commands like a shell does', () => {
    expect(commandLines('a --b="c d" \\\n  e && f # g\n# h\n').map(({ words }) => words)).toEqual([
      ['a', '--b=c d', 'e'],
      ['f'],
    ]);
  });

  it('finds an import that the chassis does not have', () => {
    expect(chassisExports('@org/chassis', 'createService')).toBe(true);
    expect(chassisExports('@org/chassis', 'createServce')).toBe(false);
    expect(chassisExports('@org/chassis/nothing', 'x')).toBe(false);
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dependencyLockfile } from './dependency-stage';
import { readStages } from './stages';

const FILES = join(__dirname, '../generators/service/files');
const template = (manager: string) =>
  readFileSync(join(FILES, manager, 'Dockerfile.template'), 'utf8').replace(/<%.*?%>/g, 'x');

describe('recognises the generated stage of %s', () => {
  it.each([
    ['npm', 'package-lock.json'],
    ['pnpm', 'pnpm-lock.yaml'],
    ['yarn', 'yarn.lock'],
    ['bun', 'bun.lock'],
  ])('knows the stage that is generated for %s', (manager, lockfile) => {
    expect(dependencyLockfile(template(manager))).toBe(lockfile);
  });

  it.each<[string, (text: string) => string]>([
    ['another command at the end', (text) => text.replace('@0 {} +', '@0 {} + && make')],
    ['another command in front', (text) => text.replace('    mkdir -p', '    make && mkdir -p')],
    ['a command between', (text) => text.replace('; fi \\', '; fi && make \\')],
    ['an else', (text) => text.replace('; fi \\', '; else make; fi \\')],
    ['a second RUN', (text) => text.replace('WORKDIR /out/app', 'WORKDIR /out/app\nRUN make')],
    ['a file of its own', (text) => text.replace('WORKDIR /out/app', 'WORKDIR /out/app\nCOPY a b')],
    ['another folder', (text) => text.replace('WORKDIR /out/app', 'WORKDIR /app')],
    ['another name', (text) => text.replaceAll('prod-deps', 'packages')],
  ])('does not take a stage with %s for it', (_, edit) => {
    const text = template('npm');
    expect(edit(text)).not.toBe(text);
    expect(dependencyLockfile(edit(text))).toBeUndefined();
  });

  it.each(['npm', 'pnpm', 'yarn', 'bun'])(
    'is copied before the artifact, and no layer comes after both, with %s',
    (manager) => {
      const { stages } = readStages(template(manager));
      const { instructions } = stages.find(({ name }) => name === 'production')!;
      const layers = instructions.filter((one) =>
        ['ADD', 'COPY', 'RUN', 'WORKDIR'].includes(one.getKeyword()),
      );
      expect(layers.map((one) => one.getTextContent())).toEqual([
        'COPY --link --from=prod-deps /out /',
        'WORKDIR /app',
        'COPY --link --from=artifact /*/ /',
      ]);
    },
  );

  it('finds none in a Dockerfile of a team', () => {
    expect(dependencyLockfile('FROM node\nRUN npm ci\n')).toBeUndefined();
  });
});

import { expect, it } from 'vitest';
import { parseManifest } from './manifest';

const manifest = (glob: string) =>
  parseManifest(
    'apps/orders/service.yml',
    `port: 3001\nbuild:\n  assets: [${JSON.stringify(glob)}]\n`,
  );

it.each([
  '../../.env',
  '..',
  'a/../../b',
  '/etc/passwd',
  '~/.aws',
  'C:\\x',
  '{a,../b}/c',
  'a\\..\\b',
])('the asset %s is outside the project', (glob) => {
  const [problem] = manifest(glob).problems;
  expect(problem).toMatchObject({ file: 'apps/orders/service.yml', line: 3 });
  expect(problem!.message).toContain(
    `build.assets[0]: ${JSON.stringify(glob)} is outside the project`,
  );
});

it.each(['templates/**', '**/*.{html,css}', 'a..b/c', '..data/x', './static', 'x...'])(
  'the asset %s is within the project',
  (glob) => {
    expect(manifest(glob).problems).toEqual([]);
  },
);

import { expect, it } from 'vitest';
import { platformOf } from '../../testing/platform';
import { formatProblem } from '../../platform/problem';
import { temporaryWorkspace } from '../../testing/temporary-workspace';
import { readFunctionLimits } from './read-function-limits';

it('reads the manifests and the code of functions, without specs and other services', async () => {
  const manifest = 'port: 3001\nlambda: true\ngrpcPort: 4001\n';
  const files = {
    'apps/a/service.yml': manifest,
    'apps/a/src/work/tick.ts': 'export {};\nsetInterval(() => {}, 1000);\n',
    'apps/a/src/work/tick.spec.ts': 'setInterval(() => {}, 1000);\n',
    'apps/b/service.yml': 'port: 3002\n',
    'apps/b/src/main.ts': 'setInterval(() => {}, 1000);\n',
  };
  const platform = platformOf({ a: manifest, b: 'port: 3002\n' });
  const limits = await readFunctionLimits(temporaryWorkspace(files), platform);
  expect(limits.map(formatProblem)).toEqual([
    expect.stringMatching(/^apps\/a\/service\.yml:3: a function gets no gRPC/),
    expect.stringMatching(/^apps\/a\/src\/work\/tick\.ts:2: setInterval stands still/),
  ]);
});

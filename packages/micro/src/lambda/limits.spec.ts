import { expect, it } from 'vitest';
import { parseManifest } from '../platform/manifest';
import { formatProblem } from '../platform/problem';
import { limitsOf, type SourceText } from './limits';

const limits = (text: string, sources: SourceText[] = [], hasTracing = false) => {
  const { read, problems } = parseManifest('apps/a/service.yml', text);
  expect(problems).toEqual([]);
  return limitsOf(read!, sources, hasTracing).map(
    (limit) => `${limit.works}  ${formatProblem(limit)}`,
  );
};

it('has none for a plain service, and none for one that is no function', () => {
  expect(limits('port: 3001\nlambda: true\n')).toEqual([]);
  expect(
    limits(
      'port: 3001\nbroker: nats\nsubscribes: [a.b]\n',
      [{ file: 'a.ts', text: 'setInterval(f)' }],
      true,
    ),
  ).toEqual([]);
});

it.each([
  ['kind: worker\nbroker: nats\nsubscribes: [a.done]', 'never', 1, /^a worker only handles events/],
  [
    'kind: gateway\ndatastores: { rate-limit: redis }',
    'otherwise',
    1,
    /^a gateway sends answers whole/,
  ],
  ['broker: nats\nsubscribes: [a.done]', 'otherwise', 2, /^a\.done reach the function only while/],
  ['broker: nats\npublishes: [a.done]', 'otherwise', 2, /^a\.done leave the outbox/],
  ['grpcPort: 4001', 'otherwise', 1, /no gRPC/],
  ['datastores: { database: postgres }', 'otherwise', 1, /connections of its own to postgres/],
])('names the line of %j', (manifest, works, line, message) => {
  const found = limits(`${manifest}\nport: 3001\nlambda: true\n`);
  expect(found).toHaveLength(1);
  const start = `${works}  apps/a/service.yml:${line}: `;
  expect(found[0]!.startsWith(start), found[0]).toBe(true);
  expect(found[0]!.slice(start.length)).toMatch(message);
});

it('says what a gateway keeps in memory, and that spans may be lost', () => {
  expect(limits('kind: gateway\nport: 3001\nlambda: true\n')).toEqual([
    expect.stringMatching(/:1: a gateway sends answers whole/),
    expect.stringMatching(/:1: limits of callers and cached answers are in the memory/),
  ]);
  expect(limits('port: 3001\nlambda: true\n', [], true)).toEqual([
    expect.stringMatching(/:2: spans are sent in the background/),
  ]);
});

it.each([
  ['const timer = setInterval(work, 1000);', /setInterval stands still/],
  [`import cron from 'node-cron';`, /a schedule in the process/],
  [`const { Cron } = require("croner");`, /a schedule in the process/],
  [`reply.type('text/event-stream');`, /an event stream never ends/],
  [`import { WebSocketServer } from 'ws';`, /no WebSockets/],
])('names the line of %j in the code', (code, message) => {
  const file = 'apps/a/src/work.ts';
  const found = limits('port: 3001\nlambda: true\n', [{ file, text: `// one\n${code}\n` }]);
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(/^otherwise {2}apps\/a\/src\/work\.ts:2: /);
  expect(found[0]).toMatch(message);
});

it('takes no comment and no similar name for it', () => {
  const text = [
    '// setInterval(work)',
    ' * setInterval(work)',
    'clearInterval(timer)',
    `import a from 'ws-like';`,
  ].join('\n');
  expect(limits('port: 3001\nlambda: true\n', [{ file: 'a.ts', text }])).toEqual([]);
});

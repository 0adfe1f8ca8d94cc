import { expect, it } from 'vitest';
import { hideSecrets } from './hide-secrets.js';

const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1LTEifQ.c2lnbmF0dXJl';

it.each([
  ['/api/orders?access_token=hunter2&page=2', '/api/orders?access_token=***&page=2'],
  ['/api?page=2&API_KEY=hunter2', '/api?page=2&API_KEY=***'],
  ['/api?apiKey=hunter2', '/api?apiKey=***'],
  ['/api?userToken=hunter2#x', '/api?userToken=***#x'],
  ['/api?access%5Ftoken=hunter2', '/api?access%5Ftoken=***'],
  ['/api?auth[token]=hunter2', '/api?auth[token]=***'],
  ['/login?code=hunter2&state=a', '/login?code=***&state=a'],
  ['/file?X-Amz-Signature=hunter2', '/file?X-Amz-Signature=***'],
  ['/file?sig=hunter2&se=2026', '/file?sig=***&se=2026'],
  ['/api?q=' + JWT, '/api?q=***'],
  ['postgres://me:hunter2@db/orders failed', 'postgres://***@db/orders failed'],
  ['redis://:a@hunter2/c@db', 'redis://***@db'],
  ['http://me:hunter2@proxy:3128/', 'http://***@proxy:3128/'],
  ['http://hunter2@proxy', 'http://***@proxy'],
  ['sent Authorization: hunter2\r\nHost: a', 'sent Authorization: ***\r\nHost: a'],
  ['sent with Bearer hunter2', 'sent with Bearer ***'],
  ['sent with basic aHVudGVyMg==', 'sent with basic ***'],
  [
    '{"headers":{"Authorization":"hunter2","a":"b"}}',
    '{"headers":{"Authorization":"***","a":"b"}}',
  ],
  ['{"SET-COOKIE":["hunter2","hunter2"],"a":1}', '{"SET-COOKIE":"***","a":1}'],
  ['{"cookie":"hunt\\"er2","a":1}', '{"cookie":"***","a":1}'],
  ['{"data":"{\\"password\\":\\"hunter2\\"}"}', '{"data":"{\\"password\\":\\"***\\"}"}'],
  ['["X-Service-Key","hunter2","Host","a"]', '["X-Service-Key","***","Host","a"]'],
  ['{"set-cookie":["a=[hunter2]","b=hunter2\\"]"],"a":1}', '{"set-cookie":"***","a":1}'],
  ['{"pin":1,"token":[1, "hunter2"]}', '{"pin":1,"token":"***"}'],
  ['{"auth":{"user":"a","pass":"hunter2"}}', '{"auth":{"user":"a","pass":"***"}}'],
  ['{"smtp_pass":"hunter2","pwd":"hunter2"}', '{"smtp_pass":"***","pwd":"***"}'],
  ['{"secretKey":"hunter2","passphrase":"hunter2"}', '{"secretKey":"***","passphrase":"***"}'],
  [
    "{ user: 'a', pass: 'hunter2', signingKey: 'hunter2' }",
    "{ user: 'a', pass: '***', signingKey: '***' }",
  ],
  ['[{"name":"Cookie","value":"hunter2"}]', '[{"name":"Cookie","value":"***"}]'],
  ["{ password: 'hunt\\'er2', 'x-api-key': 'hunter2' }", "{ password: '***', 'x-api-key': '***' }"],
  ['GET /cart;jsessionid=hunter2?page=1', 'GET /cart;jsessionid=***'],
  ['password=hunter2&user=a', 'password=***&user=a'],
  ['sent {"body":"client_secret=hunter2&a=b"}', 'sent {"body":"client_secret=***&a=b"}'],
  [
    '"GET / HTTP/1.1\\r\\nX-Api-Key: hunter2\\r\\nA: b"',
    '"GET / HTTP/1.1\\r\\nX-Api-Key: ***\\r\\nA: b"',
  ],
  ['"Authorization: Digest a=\\"b\\", response=\\"hunter2\\""', '"Authorization: ***"'],
])('hides the secret in %s', (text, safe) => {
  expect(hideSecrets(text)).toBe(safe);
});

it.each([
  '/api/orders?page=2&postcode=1010&author=me&design=a&monkey=b',
  'https://registry.example.com/@scope/name',
  'http://localhost:4873/@scope/name',
  'GET /api/orders/12',
  'me@example.com wrote // to you@example.com',
  '{"code":"ECONNREFUSED","msg":"a","kind":"cookie","next":"b"}',
  'an error of type Basic',
  '{"compass":"north","bypass":"yes","passed":"all","passenger":"a"}',
  "{ compass: 'north', passes: 'all', sortKey: 'a' }",
  'exit code=1, key=a of the map, pin=2',
  "{ name: 'tokenizer', kind: 'cookie' }",
])('leaves %s as it is', (text) => {
  expect(hideSecrets(text)).toBe(text);
});

it('keeps a JSON line valid', () => {
  const line = { url: '/?token=a"b', headers: { Cookie: 'a\\"b', accept: '*/*' }, n: 1 };
  const safe = JSON.parse(hideSecrets(JSON.stringify(line))) as unknown;
  expect(safe).toMatchObject({ headers: { Cookie: '***', accept: '*/*' }, n: 1 });
});

it.each([
  '//a',
  '\\',
  '-eyJ',
  '"cookie":[',
  '&a',
  '"token',
  ' Bearer ',
  'a@//',
  '{"password":"',
  "password: '",
  '\\nCookie: \\"',
  '"name":"cookie","value":"',
  '"token":["',
  '"token":[1,',
])('is fast even for many of %s', (part) => {
  const text = part.repeat(Math.ceil(32_768 / part.length));
  const started = performance.now();
  hideSecrets(text);
  expect(performance.now() - started).toBeLessThan(1000);
});

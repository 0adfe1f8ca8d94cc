import { expect, it } from 'vitest';
import { scriptArguments, tryOutArguments } from './exec';

it.each([
  [
    scriptArguments('a', 'pg_dump'),
    ['container', 'exec', 'a', 'bash', '-o', 'pipefail', '-c', 'pg_dump'],
  ],
  [
    scriptArguments('a', 'psql', { interactive: true }),
    ['container', 'exec', '--interactive', 'a', 'bash', '-o', 'pipefail', '-c', 'psql'],
  ],
])('%j', (args, expected) => {
  expect(args).toEqual(expected);
});
it('tries a program with the rights of the container it is for, and without network', () => {
  const what = {
    ...{ volumesOf: 'abc', image: 'caddy:2', user: '65532:65532' },
    ...{ capabilities: ['NET_BIND_SERVICE'], command: ['caddy', 'validate'] },
  };
  expect(tryOutArguments(what)).toEqual([
    ...['container', 'run', '--rm', '--network', 'none', '--volumes-from', 'abc'],
    ...['--user', '65532:65532', '--read-only', '--tmpfs', '/tmp', '--cap-drop', 'ALL'],
    ...['--cap-add', 'NET_BIND_SERVICE', '--security-opt', 'no-new-privileges'],
    ...['--env', 'HOME=/tmp', '--env', 'XDG_CONFIG_HOME=/tmp', '--env', 'XDG_DATA_HOME=/data'],
    ...['caddy:2', 'caddy', 'validate'],
  ]);
});

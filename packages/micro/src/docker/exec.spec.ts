import { expect, it } from 'vitest';
import { docker } from './command';
import { execArguments, execOf, scriptArguments, tryOutArguments } from './exec';

it.each([
  [
    scriptArguments('a', 'pg_dump'),
    ['container', 'exec', 'a', 'bash', '-o', 'pipefail', '-c', 'pg_dump'],
  ],
  [
    scriptArguments('a', 'psql', { interactive: true }),
    ['container', 'exec', '--interactive', 'a', 'bash', '-o', 'pipefail', '-c', 'psql'],
  ],
  [
    scriptArguments('a', 'pg_dump', { mark: 'm' }),
    ['container', 'exec', 'a', 'bash', '-o', 'pipefail', '-c', 'pg_dump', 'm'],
  ],
])('%j', (args, expected) => {
  expect(args).toEqual(expected);
});

it.each([{}, { context: 'far' }, { host: 'ssh://ada@far' }])('is known again: %j', (address) => {
  const argv = ['caddy', 'reload', '--interactive'];
  const plain = { address, container: 'a', argv };
  expect(execOf(docker(execArguments('a', argv), address))).toEqual(plain);
  const script = { ...plain, argv: ['bash', '-o', 'pipefail', '-c', 'psql', 'm'] };
  for (const interactive of [true, false]) {
    const command = docker(scriptArguments('a', 'psql', { interactive, mark: 'm' }), address);
    expect(execOf(command)).toEqual(script);
  }
  expect(execOf(docker(['container', 'inspect', 'a'], address))).toBeUndefined();
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

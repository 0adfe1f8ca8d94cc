import { expect, it } from 'vitest';
import * as container from './container';

it.each([
  [
    container.listArguments('com.docker.compose.project=acme'),
    [
      ...['container', 'ls', '--all', '--no-trunc', '--quiet'],
      ...['--filter', 'label=com.docker.compose.project=acme'],
    ],
  ],
  [container.inspectArguments(['a', 'b']), ['container', 'inspect', 'a', 'b']],
  [container.startArguments(['a', 'b']), ['container', 'start', 'a', 'b']],
  [container.stopArguments(['a', 'b']), ['container', 'stop', 'a', 'b']],
  [container.removeArguments(['a']), ['container', 'rm', '--force', '--volumes', 'a']],
  [container.logArguments('a', 20), ['container', 'logs', '--tail', '20', 'a']],
  [container.disconnectArguments('edge', 'a'), ['network', 'disconnect', 'edge', 'a']],
  [container.connectArguments('edge', 'a', []), ['network', 'connect', 'edge', 'a']],
  [
    container.connectArguments('edge', 'a', ['orders', 'shop']),
    ['network', 'connect', '--alias', 'orders', '--alias', 'shop', 'edge', 'a'],
  ],
  [
    container.noteArguments({ name: 'lock', image: 'acme/orders:k-1', labelFile: '/tmp/labels' }),
    [
      ...['container', 'create', '--name', 'lock', '--network', 'none', '--pull', 'never'],
      ...['--label-file', '/tmp/labels', 'acme/orders:k-1', 'note'],
    ],
  ],
  [container.putFilesArguments('a', '/run'), ['container', 'cp', '-', 'a:/run']],
  [container.readFileArguments('a', '/run/b'), ['container', 'cp', 'a:/run/b', '-']],
  [container.discardArguments(['a']), ['container', 'rm', '--volumes', 'a']],
  [container.discardKeepingVolumesArguments(['a']), ['container', 'rm', 'a']],
  [
    container.tableArguments(['a=1', 'b'], ['{{.ID}}', '{{.Names}}']),
    [
      ...['container', 'ls', '--all', '--no-trunc', '--filter', 'label=a=1', '--filter', 'label=b'],
      ...['--format', '{{.ID}}\t{{.Names}}'],
    ],
  ],
])('%j', (args, expected) => {
  expect(args).toEqual(expected);
});

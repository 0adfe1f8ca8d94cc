import { expect, it } from 'vitest';
import * as volume from './volume';

it.each([
  [
    volume.createVolumeArguments({ name: 'note', labels: { a: '1', b: 'x=y' } }),
    ['volume', 'create', '--label', 'a=1', '--label', 'b=x=y', 'note'],
  ],
  [
    volume.listVolumesArguments('a=1', ['{{.Name}}', '{{.Label "b"}}']),
    ['volume', 'ls', '--filter', 'label=a=1', '--format', '{{.Name}}\t{{.Label "b"}}'],
  ],
  [
    volume.volumeLabelsArguments('note'),
    ['volume', 'inspect', '--format', '{{json .Labels}}', 'note'],
  ],
  [volume.removeVolumesArguments(['a', 'b']), ['volume', 'rm', '--force', 'a', 'b']],
])('%#', (args, expected) => {
  expect(args).toEqual(expected);
});

import { expect, it } from 'vitest';
import { scriptArguments } from './exec';

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

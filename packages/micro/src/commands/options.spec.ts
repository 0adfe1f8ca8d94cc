import { expect, it } from 'vitest';
import { UserError } from '../platform/user-error';
import { ENVIRONMENT_OPTION, readOptions } from './options';

const USAGE = 'usage: micro x';
const read = (line: string, words = false) =>
  readOptions(line.split(' ').filter(Boolean), ENVIRONMENT_OPTION, USAGE, { words });

it.each([
  ['', 'development'],
  ['-e staging', 'staging'],
  ['--environment=production', 'production'],
])('reads the environment of "%s"', (line, environment) => {
  expect(read(line).values.environment).toBe(environment);
});

it('gives the words beside the options', () => {
  expect(read('orders -e staging users', true).words).toEqual(['orders', 'users']);
});

it.each([['--nonsense'], ['orders'], ['-e']])('answers "%s" with its usage', (line) => {
  expect(() => read(line)).toThrow(UserError);
  expect(() => read(line)).toThrow(USAGE);
});

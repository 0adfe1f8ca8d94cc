import { expect, it } from 'vitest';
import { toToolError } from './tool-failure';

const failed = (stderr: string) =>
  toToolError('it could not be dumped', { exitCode: 2, stdout: '', stderr }, {}).message;

it('has the last words of the program', () => {
  expect(failed('')).toBe('it could not be dumped (exit code 2)');
  expect(failed('1\n2\n3\n4\n5\n6\n')).toBe('it could not be dumped (exit code 2): 2\n3\n4\n5\n6');
});

it('does not take a password that is refused for a registry that refuses', () => {
  const words = "ERROR 1045 (28000): Access denied for user 'orders'@'127.0.0.1'";
  expect(failed(words)).toBe(`it could not be dumped (exit code 2): ${words}`);
});

it('recognises an engine that does not answer', () => {
  expect(failed('Cannot connect to the Docker daemon')).toMatch(/no Docker Engine answers/);
});

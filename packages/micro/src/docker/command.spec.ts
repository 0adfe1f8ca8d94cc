import { expect, it } from 'vitest';
import { docker, formatCommand } from './command';

it.each([
  [{}, ['ps']],
  [{ context: 'far' }, ['--context', 'far', 'ps']],
  [{ host: 'ssh://a@b' }, ['--host', 'ssh://a@b', 'ps']],
])('%j comes before the command', (address, args) => {
  expect(docker(['ps'], address)).toEqual({ file: 'docker', args });
});

it.each([
  [['image', 'ls'], 'docker image ls'],
  [['--filter', 'label=a b'], "docker --filter 'label=a b'"],
  [['--format', "it's {{json .}}"], `docker --format 'it'\\''s {{json .}}'`],
  [[''], "docker ''"],
])('prints %j as a person would type it', (args, text) => {
  expect(formatCommand({ file: 'docker', args })).toBe(text);
});

it('never prints what is passed beside the arguments', () => {
  const secret = { env: { TOKEN: 'hunter2' }, stdin: 'hunter2' };
  expect(formatCommand({ file: 'docker', args: ['login'], ...secret })).toBe('docker login');
});

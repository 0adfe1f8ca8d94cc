import { describe, expect, it } from 'vitest';
import { recordingRunner } from '../testing/recording-runner';
import { readEngineMachine, resolveHost } from './host-address';

describe('addresses of a name', () => {
  it.each([
    ['localhost', ['127.0.0.1']],
    ['shop.localhost', ['127.0.0.1']],
    ['192.0.2.7', ['192.0.2.7']],
    ['nothing.invalid', []],
  ])('%s', async (host, addresses) => {
    expect(await resolveHost(host)).toEqual(addresses);
  });
});

describe('the machine of an engine', () => {
  const { run, lines } = recordingRunner((line) =>
    line.includes('far') ? { stdout: 'ssh://deploy@192.0.2.8:2222\n' } : { exitCode: 1 },
  );

  it.each([
    [{}, '127.0.0.1'],
    [{ host: 'unix:///run/docker.sock' }, '127.0.0.1'],
    [{ host: 'ssh://deploy@192.0.2.7' }, '192.0.2.7'],
    [{ host: 'tcp://[2001:db8::1]:2376' }, '2001:db8::1'],
    [{ context: 'far' }, '192.0.2.8'],
  ])('%j: %s', async (environment, reachedBy) => {
    const machine = await readEngineMachine({ run }, environment);
    expect(machine?.reachedBy).toBe(reachedBy);
    if (reachedBy !== '127.0.0.1') expect(machine?.addresses).toEqual([reachedBy]);
    else expect(machine?.addresses).toContain('127.0.0.1');
  });

  it('is unknown if the context does not exist', async () => {
    expect(await readEngineMachine({ run }, { context: 'gone' })).toBeUndefined();
    expect(lines.at(-1)).toBe('docker context inspect gone --format {{.Endpoints.docker.Host}}');
  });
});

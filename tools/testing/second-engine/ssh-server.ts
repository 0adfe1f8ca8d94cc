import type { ChildProcess } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { mustRun } from '../../command.js';
import { startDaemon } from '../../daemon.js';
import { socketOf } from '../../engine/daemons.js';
import { type Machine, on } from './machine.js';

const PORT = 22;

/**
 * Writes keys and configurations of a server and of its only user.
 *
 * @returns a folder for the front of `PATH`: the `ssh` in it is configured, and reads nothing of the user's own
 * `~/.ssh`.
 */
export async function prepareSsh(machine: Machine): Promise<string> {
  const { folder, address } = machine;
  const file = (name: string) => join(folder, 'ssh', name);
  mkdirSync(join(folder, 'ssh'), { mode: 0o700 });
  for (const key of ['host_key', 'user_key']) {
    await mustRun('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', key, '-f', file(key)]);
  }
  writeFileSync(file('authorized_keys'), readFileSync(file('user_key.pub')), { mode: 0o600 });
  writeFileSync(file('known_hosts'), `${address} ${readFileSync(file('host_key.pub'), 'utf8')}`);
  writeFileSync(
    file('sshd_config'),
    [
      `ListenAddress ${address}:${PORT}`,
      `HostKey ${file('host_key')}`,
      `AuthorizedKeysFile ${file('authorized_keys')}`,
      `PidFile ${file('sshd.pid')}`,
      'PermitRootLogin prohibit-password',
      'PasswordAuthentication no',
      'UsePAM no',
      // The folder is below one that everyone may write to.
      'StrictModes no',
      `SetEnv DOCKER_HOST=${socketOf(machine)}`,
      '',
    ].join('\n'),
  );
  writeFileSync(
    file('config'),
    [
      `IdentityFile ${file('user_key')}`,
      'IdentitiesOnly yes',
      `UserKnownHostsFile ${file('known_hosts')}`,
      'GlobalKnownHostsFile none',
      'StrictHostKeyChecking yes',
      'BatchMode yes',
      // One connection for all commands. A lost one is noticed after four seconds.
      'ControlMaster auto',
      `ControlPath ${file('shared')}`,
      'ControlPersist 60',
      'ServerAliveInterval 2',
      'ServerAliveCountMax 2',
      '',
    ].join('\n'),
  );
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const ssh = (await mustRun('which', ['ssh'])).trim();
  writeFileSync(join(bin, 'ssh'), `#!/bin/sh\nexec ${ssh} -F ${file('config')} "$@"\n`);
  chmodSync(join(bin, 'ssh'), 0o755);
  return bin;
}

export async function startSshServer(machine: Machine): Promise<ChildProcess> {
  // sshd's folder for privilege separation; usually created at boot.
  mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  // sshd starts itself again for each connection, by its absolute path.
  const path = (await mustRun('which', ['sshd'])).trim();
  const config = join(machine.folder, 'ssh/sshd_config');
  const [command, args] = on(machine, path, ['-D', '-e', '-f', config]);
  return startDaemon({
    command,
    args,
    logFile: join(machine.folder, 'sshd.log'),
    answers: () => accepts(machine.address, PORT),
    withinMs: 10_000,
  });
}

/** Processes for single connections: children of the server that outlive it. */
export function sessionsOf(server: ChildProcess): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && parentOf(pid) === server.pid);
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}

function accepts(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: 1000 });
    const end = (answer: boolean) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('connect', end(true)).on('timeout', end(false)).on('error', end(false));
  });
}

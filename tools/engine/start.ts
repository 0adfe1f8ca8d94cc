import { existsSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { mustRun } from '../command.js';
import { startDaemon } from '../daemon.js';
import { raiseContainersShare } from './cpu-share.js';
import { engineAnswers } from './facts.js';

const PID_FILE = '/var/run/docker.pid';
const LOG_FILE = '/var/log/dockerd.log';
const STOPPING_MS = 20_000;

/**
 * Starts the engine of this machine unless it is running.
 *
 * @throws LabError with the engine's last log lines if it is not ready within a minute.
 */
export async function startEngine(): Promise<void> {
  if (await previousEngineAnswers()) return;
  if (existsSync('/run/systemd/system')) {
    await mustRun('systemctl', ['start', 'docker'], { withinMs: 60_000 });
    return;
  }
  raiseContainersShare();
  await startDaemon({
    command: 'dockerd',
    args: [],
    logFile: LOG_FILE,
    answers: engineAnswers,
    withinMs: 60_000,
  });
}

/**
 * Waits for a dockerd that is just starting or stopping, because two of them cannot run. Removes the pid file of one
 * that has died: dockerd refuses to start while any process has the pid in that file.
 */
async function previousEngineAnswers(): Promise<boolean> {
  const deadline = Date.now() + STOPPING_MS;
  do {
    if (await engineAnswers()) return true;
    const pid = readPid();
    if (!pid) return false;
    if (!isDockerd(pid)) {
      rmSync(PID_FILE, { force: true });
      return false;
    }
    await sleep(200);
  } while (Date.now() < deadline);
  return false;
}

function readPid(): string | undefined {
  return existsSync(PID_FILE) ? readFileSync(PID_FILE, 'utf8').trim() : undefined;
}

function isDockerd(pid: string): boolean {
  const name = `/proc/${pid}/comm`;
  return existsSync(name) && readFileSync(name, 'utf8').trim() === 'dockerd';
}

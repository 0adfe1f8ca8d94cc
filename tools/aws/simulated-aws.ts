import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { mustRun } from '../command.js';
import { ensureVenv } from '../debian/venv.js';
import { LabError } from '../program.js';
import { freePort, isFree } from '../testing/free-port.js';
import { startRecordingProxy, type RecordingProxy } from './recording-proxy.js';

/**
 * The simulated API, its web server, and the AWS CLI. `moto[server]` would bring what other services than ours need:
 * twice the size, and minutes more to install.
 */
const PACKAGES = ['moto==5.2.5', 'flask==3.1.3', 'flask-cors==6.0.5', 'awscli==1.46.3'];
/** Changes with the packages. */
const FOLDER = 'moto-5.2.5-awscli-1.46.3';

const CACHE = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
const LISTENS_WITHIN_MS = 60_000;

/** A simulated AWS that is running. */
export interface SimulatedAws {
  /** What a process needs to reach it with `aws`, and nothing else. */
  env: Readonly<Record<string, string>>;
  /** Calls the AWS CLI. @throws LabError if the call fails. */
  aws: (...args: string[]) => Promise<unknown>;
  calls: RecordingProxy['calls'];
  throttle: RecordingProxy['throttle'];
  stop: () => Promise<void>;
}

/**
 * Starts moto's server, with nothing in it.
 *
 * @param running how many tasks every service has at once.
 * @throws LabError if it can't be installed or does not start.
 */
export async function startSimulatedAws(running = 100): Promise<SimulatedAws> {
  const bin = join(await providePrograms(), 'bin');
  const port = await freePort();
  const proxy = await startRecordingProxy(port);
  const env = {
    PATH: `${bin}:${process.env['PATH']}`,
    AWS_ENDPOINT_URL: `http://127.0.0.1:${proxy.port}`,
    AWS_DEFAULT_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    // No profile of a person.
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  };
  const child = spawn(join(bin, 'moto_server'), ['--host', '127.0.0.1', '--port', String(port)], {
    stdio: 'ignore',
    env: { ...process.env, ...env, MOTO_ECS_SERVICE_RUNNING: String(running) },
  });
  const ended = once(child, 'exit');
  const deadline = Date.now() + LISTENS_WITHIN_MS;
  while (await isFree(port)) {
    if (child.exitCode !== null || Date.now() > deadline) {
      child.kill('SIGKILL');
      await proxy.close();
      throw new LabError('the simulated AWS does not listen');
    }
    await sleep(50);
  }
  await endTasksAtOnce(port);
  return {
    env,
    ...{ calls: proxy.calls, throttle: proxy.throttle },
    aws: async (...args) => {
      const stdout = await mustRun(join(bin, 'aws'), ['--output', 'json', ...args], { env });
      return stdout.trim() === '' ? undefined : (JSON.parse(stdout) as unknown);
    },
    stop: async () => {
      child.kill('SIGKILL');
      await Promise.all([ended, proxy.close()]);
    },
  };
}

/** Otherwise, a task that was run ends only after it was looked at four times. Its exit code is 0 either way. */
async function endTasksAtOnce(port: number): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/moto-api/state-manager/set-transition`, {
    method: 'POST',
    body: JSON.stringify({ model_name: 'ecs::task', transition: { progression: 'immediate' } }),
  });
  if (!response.ok) throw new LabError(`the simulated AWS answered ${response.status}`);
}

/** Installs them once, into the user's cache; about a minute. @returns their folder. */
async function providePrograms(): Promise<string> {
  const folder = join(CACHE, 'org-micro-aws', FOLDER);
  await ensureVenv(folder, {
    requirements: PACKAGES,
    what: 'a simulated AWS and its command line',
  });
  return folder;
}

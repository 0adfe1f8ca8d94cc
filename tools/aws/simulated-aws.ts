import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
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
const SERVER = fileURLToPath(new URL('moto-server.py', import.meta.url));
const LISTENS_WITHIN_MS = 60_000;

/** A simulated AWS that is running. */
export interface SimulatedAws {
  /** Of the API itself, past what notes its calls. */
  port: number;
  /** What a process needs to reach it with `aws`, and nothing else. */
  env: Readonly<Record<string, string>>;
  /** Calls the AWS CLI. @throws LabError if the call fails. */
  aws: (...args: string[]) => Promise<unknown>;
  calls: RecordingProxy['calls'];
  throttle: RecordingProxy['throttle'];
  stop: () => Promise<void>;
}

/** Test credentials, which the simulated AWS does not check. */
export const SIMULATED_CREDENTIALS = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };

export interface SimulatedAwsOptions {
  /** How many tasks every service has at once. Default 100. */
  running?: number;
  /** Default: a free one. */
  port?: number;
  /** The address of this machine that it listens on; `0.0.0.0` for containers. Default 127.0.0.1. */
  host?: string;
}

/**
 * Starts moto's server, with nothing in it.
 *
 * @throws LabError if it can't be installed or does not start.
 */
export async function startSimulatedAws(options: SimulatedAwsOptions = {}): Promise<SimulatedAws> {
  const { running = 100, port = await freePort(), host = '127.0.0.1' } = options;
  const bin = join(await providePrograms(), 'bin');
  const proxy = await startRecordingProxy(port);
  const env = {
    PATH: `${bin}:${process.env['PATH']}`,
    AWS_ENDPOINT_URL: `http://127.0.0.1:${proxy.port}`,
    AWS_DEFAULT_REGION: 'eu-central-1',
    ...SIMULATED_CREDENTIALS,
    // No profile of a person.
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  };
  const child = spawn(join(bin, 'python3'), [SERVER, '--host', host, '--port', String(port)], {
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
    port,
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

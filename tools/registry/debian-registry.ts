import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../command.js';
import { startDaemon } from '../daemon.js';
import { aptInstall } from '../debian/apt.js';
import { say } from '../program.js';
import { probeRegistry } from './probe.js';

const BINARY = '/usr/bin/docker-registry';
const LOG_FILE = '/var/log/micro-registry.log';

/**
 * Runs Debian's docker-registry (the CNCF distribution) with its data in `/var/lib/micro-registry/<port>`. Installs it
 * first if it is missing. Needs root.
 *
 * @throws LabError if apt fails, or with the registry's last log lines if it does not get ready.
 */
export async function startDebianRegistry(port: number): Promise<void> {
  if (!existsSync(BINARY)) await installRegistry();
  const directory = `/var/lib/micro-registry/${port}`;
  const config = join(directory, 'config.json');
  mkdirSync(directory, { recursive: true });
  writeFileSync(config, formatConfig(port, directory));
  say(`starting docker-registry on 127.0.0.1:${port} ...`);
  await startDaemon({
    command: BINARY,
    args: ['serve', config],
    logFile: LOG_FILE,
    answers: async () => (await probeRegistry(`127.0.0.1:${port}`)) === 'registry',
    withinMs: 30_000,
  });
}

async function installRegistry(): Promise<void> {
  say('installing docker-registry ...');
  await aptInstall(['docker-registry']);
  // On a machine with an init system, the package starts its own registry, which listens on every interface and cannot
  // delete.
  await run('service', ['docker-registry', 'stop']);
}

/** The registry reads YAML, and JSON is valid YAML. */
function formatConfig(port: number, directory: string): string {
  const config = {
    version: '0.1',
    log: { accesslog: { disabled: true }, level: 'warn' },
    storage: { filesystem: { rootdirectory: join(directory, 'data') }, delete: { enabled: true } },
    http: { addr: `127.0.0.1:${port}` },
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}

import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { mustRun } from '../command.js';
import { ROOT } from '../generated/file.js';
import { mustEnd, startChild, type Child } from './child.js';
import { freePort } from './free-port.js';
import { packChassis, packPlugin, pluginVersion } from './packed-plugin.js';
import { userEnvironment } from './user-environment.js';

export interface NpmRegistry {
  /** Lines for `.npmrc`: only the scope @org comes from this registry. */
  npmrc: string;
  version: string;
  /** Ends the registry and removes its data. */
  stop: () => Promise<void>;
}

/** Ends the registry even if the test run is killed. */
const ENDS_WITH_STDIN =
  'data:text/javascript,process.stdin.resume().on("end", () => process.exit())';

const ANSWERS_WITHIN_MS = 120_000;

/** An npm registry on a free port of 127.0.0.1 that has the compiled plugin. */
export async function startNpmRegistry(): Promise<NpmRegistry> {
  const directory = await mkdtemp(join(tmpdir(), 'micro-npm-'));
  const port = await freePort();
  const config = join(directory, 'config.json');
  await writeFile(config, formatConfig(join(directory, 'storage')));
  const listen = `127.0.0.1:${port}`;
  const bin = join(ROOT, 'node_modules/verdaccio/bin/verdaccio');
  const args = ['--import', ENDS_WITH_STDIN, bin, '--config', config, '--listen', listen];
  const child = startChild(process.execPath, args, { cwd: directory, leash: true });
  const stop = async () => {
    child.signal('SIGTERM');
    await child.ended;
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await answers(child, `http://${listen}/-/ping`);
    const npmrc = `@org:registry=http://${listen}/\n`;
    return { npmrc, version: await publish(directory, listen), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The registry reads YAML, and JSON is valid YAML. Without an uplink it serves only what was published to it. */
function formatConfig(storage: string): string {
  return JSON.stringify({
    storage,
    auth: {},
    uplinks: {},
    packages: { '@org/*': { access: '$all', publish: '$all' } },
    log: { type: 'stdout', level: 'warn' },
    web: { enable: false },
  });
}

/** A new version each time, because npm caches what it knows of a registry's address for a while. */
async function publish(directory: string, listen: string): Promise<string> {
  const version = `${pluginVersion()}-e2e.${randomBytes(4).toString('hex')}`;
  await publishPackage(directory, listen, packPlugin, version);
  // Services depend on a range, which does not match pre-releases.
  await publishPackage(directory, listen, packChassis, `0.1.${Date.now()}`);
  return version;
}

async function publishPackage(
  directory: string,
  listen: string,
  pack: (directory: string) => Promise<string>,
  version: string,
): Promise<void> {
  const tarball = await pack(directory);
  const folder = join(directory, 'package');
  await rm(folder, { recursive: true, force: true });
  await mustRun('tar', ['-xzf', tarball], { cwd: directory });
  const manifest = join(folder, 'package.json');
  const json = JSON.parse(await readFile(manifest, 'utf8')) as object;
  await writeFile(manifest, JSON.stringify({ ...json, version }));
  // npm needs a login; this registry does not check it.
  await writeFile(join(folder, '.npmrc'), `//${listen}/:_authToken=none\n`);
  const args = ['publish', '--ignore-scripts', '--tag=latest', `--registry=http://${listen}/`];
  await mustEnd(startChild('npm', args, { cwd: folder, env: userEnvironment() }));
}

async function answers(child: Child, url: string): Promise<void> {
  const deadline = Date.now() + ANSWERS_WITHIN_MS;
  while (Date.now() < deadline && child.isAlive()) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return;
    await sleep(100);
  }
  throw new Error(`verdaccio does not answer on ${url}:\n${child.output()}`);
}

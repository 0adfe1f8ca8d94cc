import { fileURLToPath } from 'node:url';
import { mustRun } from '../command.js';
import { ensureCaddyImage } from '../images/caddy/caddy-image.js';
import { ensureDatastoreImage } from '../images/datastores/datastore-image.js';
import { startChild, type Child } from '../testing/child.js';
import { publishedUrl } from '../testing/deployed-platform.js';
import { removePlatform } from '../testing/remove-platform.js';
import { userEnvironment } from '../testing/user-environment.js';

/** This repository, whose `apps/` is the platform. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/**
 * The same as `npx micro` in other workspaces. npm does not link the program of a workspace package before it is
 * compiled.
 */
const MICRO = fileURLToPath(new URL('../../packages/micro/dist/bin/micro.js', import.meta.url));

/** The platform's name. */
export const PLATFORM = 'org';
export const PROJECT = `${PLATFORM}-development`;

export const SERVICES = [
  ...(['gateway', 'users', 'orders', 'inventory'] as const),
  ...(['payments', 'notifications'] as const),
] as const;
export type ServiceName = (typeof SERVICES)[number];
/** The other containers: the broker, and the datastores of each service. */
export type BackingName = 'broker' | `${ServiceName}-${'database' | 'cache'}`;

/** The address for traces while the platform is shown. */
export const COLLECTOR = 'http://collector:4318';

/** The images that its datastores and its broker run. */
export const BACKING_IMAGES = ['postgres', 'redis', 'rabbitmq'] as const;

/** Creates passwords and images of datastores; existing ones stay. */
export async function prepare(): Promise<void> {
  for (const image of BACKING_IMAGES) await ensureDatastoreImage(image);
  await ensureCaddyImage();
  await mustRun(process.execPath, [MICRO, 'env'], { cwd: ROOT });
}

/** Runs `nx …` in this repository until the command ends. */
export function startNx(
  args: readonly string[],
  onLine?: (line: string) => void,
  variables: NodeJS.ProcessEnv = {},
): Child {
  const env = userEnvironment({ OTEL_EXPORTER_OTLP_ENDPOINT: COLLECTOR, ...variables });
  return startChild('npx', ['nx', ...args], { cwd: ROOT, env, onLine });
}

/** The gateway's published address on this machine. */
export function gatewayUrl(): Promise<string> {
  return publishedUrl(PROJECT);
}

/** The id of a service's only container, running or not. */
export async function containerOf(service: ServiceName | BackingName): Promise<string> {
  const labels = [`project=${PROJECT}`, `service=${service}`, 'oneoff=False'];
  const filters = labels.flatMap((label) => ['--filter', `label=com.docker.compose.${label}`]);
  const ids = (await mustRun('docker', ['ps', '--all', '--quiet', ...filters]))
    .split('\n')
    .filter(Boolean);
  if (ids.length !== 1) throw new Error(`${ids.length} containers of ${service} instead of one`);
  return ids[0]!;
}

export type LogLine = Record<string, unknown> & { msg?: string; requestId?: string };

/** The JSON log lines of a service so far, in order. */
export async function logOf(service: ServiceName): Promise<LogLine[]> {
  return jsonLines(await mustRun('docker', ['logs', await containerOf(service)]));
}

/** The log lines that are JSON: a program that fails early may have said something else. */
export function jsonLines(text: string): LogLine[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as LogLine);
}

/** Removes all its containers, networks, volumes and images. */
export async function takeDown(): Promise<void> {
  await removePlatform(PLATFORM, [PROJECT]);
}

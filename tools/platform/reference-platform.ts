import { fileURLToPath } from 'node:url';
import { mustRun } from '../command.js';
import { ensureCaddyImage } from '../images/caddy/caddy-image.js';
import { ensureDatastoreImage } from '../images/datastores/datastore-image.js';
import { startChild, type Child } from '../testing/child.js';
import { publishedUrl } from '../testing/deployed-platform.js';
import { removePlatform } from '../testing/remove-platform.js';
import { userEnvironment } from '../testing/user-environment.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** What `npx micro` is elsewhere: npm links no program of a workspace package that is yet to be compiled. */
const MICRO = fileURLToPath(new URL('../../packages/micro/dist/bin/micro.js', import.meta.url));

/** As compose.yaml names the platform, in the environment that is deployed to unless told. */
const PLATFORM = 'org';
export const PROJECT = `${PLATFORM}-development`;

export const SERVICES = ['gateway', 'users', 'orders', 'payments', 'notifications'] as const;
export type ServiceName = (typeof SERVICES)[number];
/** What else runs: the broker, and what each service keeps its data in. */
export type BackingName = 'broker' | `${ServiceName}-${'database' | 'cache'}`;

/** Where traces go while the platform is shown. */
export const COLLECTOR = 'http://collector:4318';

/** Passwords, and the images of what the services need: both stay if they are there already. */
export async function prepare(): Promise<void> {
  for (const image of ['postgres', 'redis', 'rabbitmq'] as const) await ensureDatastoreImage(image);
  await ensureCaddyImage();
  await mustRun(process.execPath, [MICRO, 'env'], { cwd: ROOT });
}

/** `nx …` in this repository; ends when the command does. */
export function startNx(
  args: readonly string[],
  onLine?: (line: string) => void,
  variables: NodeJS.ProcessEnv = {},
): Child {
  const env = userEnvironment({ OTEL_EXPORTER_OTLP_ENDPOINT: COLLECTOR, ...variables });
  return startChild('npx', ['nx', ...args], { cwd: ROOT, env, onLine });
}

/** Where the gateway is published on this machine. */
export function gatewayUrl(): Promise<string> {
  return publishedUrl(PROJECT);
}

/** Id of the one container of a service, also of one that has ended. */
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

/** The JSON lines of a service so far, in their order. */
export async function logOf(service: ServiceName): Promise<LogLine[]> {
  const text = await mustRun('docker', ['logs', await containerOf(service)]);
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as LogLine);
}

/** Containers, networks, volumes and images of it; nothing is left. */
export async function takeDown(): Promise<void> {
  await removePlatform(PLATFORM, [PROJECT]);
}

import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { run, succeeded } from '../command.js';

/** The parts of Docker on this machine. If a version is missing, the part is missing. */
export interface EngineFacts {
  client?: string;
  server: Server;
  buildx?: string;
  compose?: string;
  /** Version of a `dockerd` that could be started here. */
  daemon?: string;
  /**
   * The address that the client was configured with instead of this machine's own socket: by `DOCKER_HOST` or a
   * context.
   */
  elsewhere?: string;
}

export type Server =
  /** Podman offers Docker's API on a socket, too, with its own version numbers. */
  | { kind: 'running'; version: string; name: string; isPodman?: true }
  /** The engine's socket is there and this user may not use it. */
  | { kind: 'denied'; socket: string; group: string }
  | { kind: 'down'; reason: string };

interface DockerVersion {
  Client?: { Version?: string; Context?: string };
  Server?: {
    Version?: string;
    Os?: string;
    Arch?: string;
    Platform?: { Name?: string };
    Components?: { Name: string }[];
  } | null;
}

const SOCKET = '/var/run/docker.sock';
const QUESTION = { withinMs: 10_000 };

/** Asks client, engine and plugins in parallel; `dockerd` only if no engine answers. */
export async function readEngineFacts(): Promise<EngineFacts> {
  const [docker, buildx, compose] = await Promise.all([
    run('docker', ['version', '--format', '{{json .}}'], QUESTION),
    readVersion('docker', ['buildx', 'version']),
    readVersion('docker', ['compose', 'version', '--short']),
  ]);
  const answer = parseDockerVersion(docker.stdout);
  const client = answer.Client?.Version;
  const server = succeeded(docker) ? formatServer(answer.Server) : undefined;
  const elsewhere = readElsewhere(answer.Client?.Context);
  const daemon = server ? undefined : await readVersion('dockerd', ['--version']);
  return {
    ...(client && { client }),
    server: server ?? readDeniedSocket() ?? { kind: 'down', reason: docker.stderr.trim() },
    ...(buildx && { buildx }),
    ...(compose && { compose }),
    ...(daemon && { daemon }),
    ...(elsewhere && { elsewhere }),
  };
}

/** Whether an engine answers now. */
export async function engineAnswers(): Promise<boolean> {
  return succeeded(await run('docker', ['version', '--format', '{{.Server.Version}}'], QUESTION));
}

function parseDockerVersion(text: string): DockerVersion {
  try {
    return JSON.parse(text) as DockerVersion;
  } catch {
    return {};
  }
}

function formatServer(server: DockerVersion['Server']): Server | undefined {
  if (!server?.Version) return undefined;
  const name = server.Platform?.Name || 'Docker Engine';
  return {
    kind: 'running',
    version: server.Version,
    ...(server.Components?.some((part) => part.Name === 'Podman Engine') && { isPodman: true }),
    name: `${name.includes(server.Version) ? name : `${name} ${server.Version}`} (${server.Os}/${server.Arch})`,
  };
}

function readElsewhere(context = 'default'): string | undefined {
  const host = process.env['DOCKER_HOST'];
  if (host && host !== `unix://${SOCKET}`) return `DOCKER_HOST=${host}`;
  return context === 'default' ? undefined : `the Docker context "${context}"`;
}

function readDeniedSocket(): Server | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    accessSync(SOCKET, constants.R_OK | constants.W_OK);
    return undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') return undefined;
    return { kind: 'denied', socket: SOCKET, group: readGroupName(statSync(SOCKET).gid) };
  }
}

function readGroupName(gid: number): string {
  const groups = readFileSync('/etc/group', 'utf8').split('\n');
  const [name] = groups.find((line) => line.split(':')[2] === String(gid))?.split(':') ?? [];
  return name ?? String(gid);
}

async function readVersion(command: string, args: string[]): Promise<string | undefined> {
  const outcome = await run(command, args, QUESTION);
  return succeeded(outcome) ? /\d+\.\d+\.\d+/.exec(outcome.stdout)?.[0] : undefined;
}

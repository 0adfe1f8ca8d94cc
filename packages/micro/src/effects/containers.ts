import { Writable } from 'node:stream';
import {
  inspectArguments,
  listArguments,
  logArguments,
  readFileArguments,
} from '../docker/container';
import { saysNoContainer } from '../docker/error-patterns';
import { docker, type EngineAddress } from '../docker/command';
import { Secret } from '../platform/secret';
import { toEngineError } from '../docker/engine-error';
import { runDocker } from './engine';
import type { Runner } from './process';
import type { Container, RunningContainer } from '../deployment/container';

/**
 * All containers of a Compose project, in every state, sorted by name. Containers of `docker compose run` are left out:
 * a person started them for themselves.
 */
export async function readProjectContainers(
  runner: Runner,
  address: EngineAddress,
  project: string,
): Promise<Container[]> {
  return (await inspectProject(runner, address, project)).map(toContainer);
}

/** The same containers with more details, for commands that only look at the platform. */
export async function readRunningContainers(
  runner: Runner,
  address: EngineAddress,
  project: string,
): Promise<RunningContainer[]> {
  return (await inspectProject(runner, address, project)).map(toRunningContainer);
}

async function inspectProject(
  runner: Runner,
  address: EngineAddress,
  project: string,
): Promise<ContainerJson[]> {
  const { stdout } = await runDocker(
    runner,
    listArguments(`com.docker.compose.project=${project}`),
    address,
    `Could not list the containers of ${project}`,
  );
  const containers = await inspectContainers(runner, address, stdout.split('\n').filter(Boolean));
  return containers.filter(({ Config }) => Config.Labels?.['com.docker.compose.oneoff'] !== 'True');
}

/** The containers with these ids. One that does not exist any more is missing in the result. */
export async function readContainers(
  runner: Runner,
  address: EngineAddress,
  ids: readonly string[],
): Promise<Container[]> {
  return (await inspectContainers(runner, address, ids)).map(toContainer);
}

async function inspectContainers(
  runner: Runner,
  address: EngineAddress,
  ids: readonly string[],
): Promise<ContainerJson[]> {
  if (ids.length === 0) return [];
  const outcome = await runner.run(docker(inspectArguments(ids), address));
  if (outcome.exitCode !== 0 && !saysNoContainer(outcome.stderr)) {
    throw toEngineError('Could not look at the containers', outcome, address);
  }
  const containers = JSON.parse(outcome.stdout || '[]') as ContainerJson[];
  return containers.sort((a, b) => (a.Name < b.Name ? -1 : 1));
}

/** The last lines that a container wrote to its standard output and standard error. */
export async function readLastLogLines(
  runner: Runner,
  address: EngineAddress,
  id: string,
  lines: number,
): Promise<string> {
  const { stdout, stderr } = await runner.run(docker(logArguments(id, lines), address));
  return (stdout + stderr).trimEnd();
}

/** All files of a folder of a container as a tar archive, with their modes. */
export async function readFolder(
  runner: Runner,
  address: EngineAddress,
  id: string,
  folder: string,
  what: string,
): Promise<Secret> {
  const chunks: Buffer[] = [];
  const output = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      chunks.push(chunk);
      done();
    },
  });
  await runDocker(runner, readFileArguments(id, `${folder}/.`), address, what, { output });
  return new Secret(Buffer.concat(chunks));
}

interface ContainerJson {
  Id: string;
  Name: string;
  RestartCount: number;
  Image: string;
  State: {
    Status: Container['state'];
    StartedAt?: string;
    Health?: { Status: Container['health']; Log: { Output: string }[] | null };
  };
  Mounts?: { Type: string; Name?: string; Destination: string }[] | null;
  Config: { Image: string; Labels: Record<string, string> | null; Env: string[] | null };
  NetworkSettings: {
    Networks: Record<string, { Aliases: string[] | null; DNSNames?: string[] | null }> | null;
    /** By `3001/tcp`. */
    Ports?: Record<string, { HostIp: string; HostPort: string }[] | null> | null;
  };
}

function toContainer(json: ContainerJson): Container {
  const labels = json.Config.Labels ?? {};
  const lastCheck = json.State.Health?.Log?.at(-1);
  return {
    id: json.Id,
    name: json.Name.replace(/^\//, ''),
    service: labels['com.docker.compose.service'] ?? '',
    image: json.Config.Image,
    state: json.State.Status,
    health: json.State.Health?.Status ?? 'none',
    ...(lastCheck ? { healthOutput: lastCheck.Output.trim() } : {}),
    restarts: json.RestartCount,
    labels,
    networks: Object.fromEntries(
      Object.entries(json.NetworkSettings.Networks ?? {}).map(([name, { Aliases, DNSNames }]) => [
        name,
        // Engines before 25 do not report DNSNames, only the aliases.
        { aliases: Aliases ?? [], names: DNSNames ?? Aliases ?? [] },
      ]),
    ),
    ports: Object.entries(json.NetworkSettings.Ports ?? {}).flatMap(([target, published]) =>
      (published ?? []).map(({ HostIp, HostPort }) => ({
        address: HostIp,
        port: Number(HostPort),
        target: Number.parseInt(target, 10),
      })),
    ),
  };
}

/** The time that the engine reports for something that has not happened. */
const NEVER = '0001-01-01T00:00:00Z';

function toRunningContainer(json: ContainerJson): RunningContainer {
  const startedAt = json.State.StartedAt;
  return {
    ...toContainer(json),
    imageId: json.Image,
    ...(startedAt && startedAt !== NEVER ? { startedAt } : {}),
    environment: parseVariables(json.Config.Env ?? []),
    mounts: (json.Mounts ?? []).map(({ Type, Name, Destination }) => ({
      path: Destination,
      isKept: Type === 'bind' || (Type === 'volume' && !ANONYMOUS.test(Name ?? '')),
    })),
  };
}

/** The name that the engine gives an anonymous volume. */
const ANONYMOUS = /^[0-9a-f]{64}$/;

/** `["PORT=3001"]` -> `{ PORT: "3001" }` */
export function parseVariables(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf('=');
      return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)];
    }),
  );
}

import { inspectArguments, listArguments, logArguments } from '../docker/container';
import { docker, type EngineAddress } from '../docker/command';
import { runDocker, toEngineError } from './engine';
import type { Runner } from './process';

/** A container of a Compose project, as the engine describes it now. */
export interface Container {
  id: string;
  name: string;
  /** The Compose service that it belongs to. */
  service: string;
  state: 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';
  /** `none` where the image has no health check. */
  health: 'none' | 'starting' | 'healthy' | 'unhealthy';
  /** What the last health check printed. */
  healthOutput: string;
  restarts: number;
  labels: Readonly<Record<string, string>>;
  networks: Readonly<Record<string, Attachment>>;
}

/** A container's place in a network. */
export interface Attachment {
  /** Names that were asked for. */
  aliases: readonly string[];
  /** Names under which others find it now; empty before it was first started. */
  names: readonly string[];
}

/**
 * All containers of a Compose project, in every state, sorted by name; those of `docker compose run`
 * serve one person and do not count.
 */
export async function readProjectContainers(
  runner: Runner,
  address: EngineAddress,
  project: string,
): Promise<Container[]> {
  const { stdout } = await runDocker(
    runner,
    listArguments(`com.docker.compose.project=${project}`),
    address,
    `Could not list the containers of ${project}`,
  );
  const containers = await readContainers(runner, address, stdout.split('\n').filter(Boolean));
  return containers.filter(({ labels }) => labels['com.docker.compose.oneoff'] !== 'True');
}

/** The containers of these ids; one that is gone is missing in the answer. */
export async function readContainers(
  runner: Runner,
  address: EngineAddress,
  ids: readonly string[],
): Promise<Container[]> {
  if (ids.length === 0) return [];
  const outcome = await runner.run(docker(inspectArguments(ids), address));
  if (outcome.exitCode !== 0 && !/no such container/i.test(outcome.stderr)) {
    throw toEngineError('Could not look at the containers', outcome, address);
  }
  const containers = (JSON.parse(outcome.stdout || '[]') as ContainerJson[]).map(toContainer);
  return containers.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The last lines that a container wrote, of both streams. */
export async function readLastLogLines(
  runner: Runner,
  address: EngineAddress,
  id: string,
  lines: number,
): Promise<string> {
  const { stdout, stderr } = await runner.run(docker(logArguments(id, lines), address));
  return (stdout + stderr).trimEnd();
}

interface ContainerJson {
  Id: string;
  Name: string;
  RestartCount: number;
  State: {
    Status: Container['state'];
    Health?: { Status: Container['health']; Log: { Output: string }[] | null };
  };
  Config: { Labels: Record<string, string> | null };
  NetworkSettings: {
    Networks: Record<string, { Aliases: string[] | null; DNSNames?: string[] | null }> | null;
  };
}

function toContainer(json: ContainerJson): Container {
  const labels = json.Config.Labels ?? {};
  return {
    id: json.Id,
    name: json.Name.replace(/^\//, ''),
    service: labels['com.docker.compose.service'] ?? '',
    state: json.State.Status,
    health: json.State.Health?.Status ?? 'none',
    healthOutput: json.State.Health?.Log?.at(-1)?.Output.trim() ?? '',
    restarts: json.RestartCount,
    labels,
    networks: Object.fromEntries(
      Object.entries(json.NetworkSettings.Networks ?? {}).map(([name, { Aliases, DNSNames }]) => [
        name,
        // Engines before 25 know no DNSNames; there the aliases are all there is.
        { aliases: Aliases ?? [], names: DNSNames ?? Aliases ?? [] },
      ]),
    ),
  };
}

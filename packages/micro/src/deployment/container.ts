/** A container of a Compose project, as the engine describes it now. */
export interface Container {
  id: string;
  name: string;
  /** The Compose service that it belongs to. */
  service: string;
  /** As the compose file that it was made from names it. */
  image: string;
  state: 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';
  /** `none` where the image has no health check. */
  health: 'none' | 'starting' | 'healthy' | 'unhealthy';
  /** What the last health check printed; absent if none has ended yet. */
  healthOutput?: string;
  restarts: number;
  labels: Readonly<Record<string, string>>;
  networks: Readonly<Record<string, Attachment>>;
  /** Those of the host; none unless it runs. */
  ports: readonly PublishedPort[];
}

/** A port of the host that leads to one of a container. */
export interface PublishedPort {
  address: string;
  port: number;
  /** Inside of the container. */
  target: number;
}

/** A container with what it was made from. */
export interface RunningContainer extends Container {
  imageId: string;
  /** ISO 8601; absent if it was never started. */
  startedAt?: string;
  /** Its variables, those of the image among them. */
  environment: Readonly<Record<string, string>>;
  /** Folders and files in it whose content is kept elsewhere. */
  mounts: readonly Mount[];
}

/** What a container keeps outside of itself, at a path of its own. */
export interface Mount {
  path: string;
  /** Whether it outlives the container: it has a name, or is of the host. */
  isKept: boolean;
}

/** A container's place in a network. */
export interface Attachment {
  /** Names that were asked for. */
  aliases: readonly string[];
  /** Names under which others find it now; empty before it was first started. */
  names: readonly string[];
}

/** Whether a container is up and found by the name of its service. */
export function isServing(container: Container): boolean {
  return isUp(container) && !isHidden(container);
}

function isUp({ state }: Container): boolean {
  return state === 'running' || state === 'restarting';
}

/** A deploy that was ended left it running where nobody finds it. */
function isHidden({ service, networks }: Container): boolean {
  const named = Object.values(networks).filter(({ names }) => names.length > 0);
  return named.length > 0 && named.every(({ names }) => !names.includes(service));
}

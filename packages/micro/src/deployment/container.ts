/** A container of a Compose project, as the engine describes it now. */
export interface Container {
  id: string;
  name: string;
  /** The Compose service that it belongs to. */
  service: string;
  /** The image, as named in the compose file that it was created from. */
  image: string;
  state: 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';
  /** `none` if it has no health check. */
  health: 'none' | 'starting' | 'healthy' | 'unhealthy';
  /** What the last health check printed; absent if none has ended yet. */
  healthOutput?: string;
  restarts: number;
  labels: Readonly<Record<string, string>>;
  networks: Readonly<Record<string, Attachment>>;
  /** Published ports; empty unless it runs. */
  ports: readonly PublishedPort[];
}

/** A port of the host that is mapped to a port of a container. */
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
  /** Its volumes and bind mounts. */
  mounts: readonly Mount[];
}

/** A volume or bind mount of a container. */
export interface Mount {
  path: string;
  /** Whether it outlives the container: a named volume or a bind mount. */
  isKept: boolean;
}

/** A container's connection to a network. */
export interface Attachment {
  /** Configured aliases. */
  aliases: readonly string[];
  /** Names under which it can be resolved now; empty before its first start. */
  names: readonly string[];
}

/** Whether a container is running and can be found by the name of its service. */
export function isServing(container: Container): boolean {
  return isUp(container) && !isHidden(container);
}

function isUp({ state }: Container): boolean {
  return state === 'running' || state === 'restarting';
}

/** Left by an interrupted deploy: it runs, but cannot be found by name. */
function isHidden({ service, networks }: Container): boolean {
  const named = Object.values(networks).filter(({ names }) => names.length > 0);
  return named.length > 0 && named.every(({ names }) => !names.includes(service));
}

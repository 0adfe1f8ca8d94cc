/**
 * A connection to a provider that was not used for this long is closed. Less than the time in which a stopping provider
 * still announces its end (`STOP_DELAY_MS`, 250): so no request is sent on a connection that is about to be closed.
 */
export const IDLE_CONNECTION_MS = 100;

/** What `fetch` sends with. */
type Dispatcher = NonNullable<RequestInit['dispatcher']>;
type AgentClass = new (options: {
  keepAliveTimeout: number;
  keepAliveMaxTimeout: number;
}) => Dispatcher;

/** As long as nobody else has set one, it is Node's own: https://undici.nodejs.org/#/docs/api/GlobalInstallation */
const standard = globalDispatcher();
const agent = standard?.constructor.name === 'Agent' ? openAgent(standard) : undefined;

/**
 * Connections for `fetch`, none of which is kept for long; undefined where a dispatcher was set for the whole process,
 * which then decides.
 */
export function shortConnections(): Dispatcher | undefined {
  return globalDispatcher() === standard ? agent : undefined;
}

/** Of the class that this Node's `fetch` was made with: one of the package may not fit it. */
function openAgent({ constructor }: Dispatcher): Dispatcher {
  const Agent = constructor as AgentClass;
  return new Agent({
    keepAliveTimeout: IDLE_CONNECTION_MS,
    keepAliveMaxTimeout: IDLE_CONNECTION_MS,
  });
}

function globalDispatcher(): Dispatcher | undefined {
  // Node loads what fetch is made of, and sets it, once something of it is asked for.
  void globalThis.Headers;
  const known = globalThis as { [key: symbol]: Dispatcher | undefined };
  return known[Symbol.for('undici.globalDispatcher.1')];
}

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
const direct = standard && findAgent(standard);
const agent = direct && openAgent(direct);

/**
 * Connections for `fetch` to other services: none is kept for long, and none goes through the proxy that
 * `NODE_USE_ENV_PROXY` asks for, which is for calls to the outside. Undefined if code set a dispatcher for the whole
 * process, which then decides.
 */
export function shortConnections(): Dispatcher | undefined {
  return globalDispatcher() === standard ? agent : undefined;
}

/** With `NODE_USE_ENV_PROXY` Node's own is one for proxies, that has an agent within for hosts without. */
function findAgent(dispatcher: Dispatcher): Dispatcher | undefined {
  if (dispatcher.constructor.name === 'Agent') return dispatcher;
  return Object.getOwnPropertySymbols(dispatcher)
    .map((name) => (dispatcher as unknown as Record<symbol, object | undefined>)[name])
    .find((part): part is Dispatcher => part?.constructor?.name === 'Agent');
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
  // Node sets the global dispatcher only when a part of fetch is first used.
  void globalThis.Headers;
  const known = globalThis as { [key: symbol]: Dispatcher | undefined };
  const first = known[Symbol.for('undici.globalDispatcher.1')];
  // From Node 26 on that is for older packages, and `fetch` sends with a second one.
  return first?.constructor.name === 'Dispatcher1Wrapper'
    ? known[Symbol.for('undici.globalDispatcher.2')]
    : first;
}

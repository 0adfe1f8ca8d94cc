/**
 * An unused connection to a provider is closed after this time. It is shorter than the time during which a stopping
 * provider announces its end (`STOP_DELAY_MS`, 250), so no request is sent on a connection that the provider is about
 * to close.
 */
export const IDLE_CONNECTION_MS = 100;

/** What `fetch` sends requests with. */
type Dispatcher = NonNullable<RequestInit['dispatcher']>;
type AgentClass = new (options: {
  keepAliveTimeout: number;
  keepAliveMaxTimeout: number;
}) => Dispatcher;

/**
 * The global dispatcher. Unless code sets another one, it is Node's own:
 * https://undici.nodejs.org/#/docs/api/GlobalInstallation
 */
const standard = globalDispatcher();
const direct = standard && findAgent(standard);
const agent = direct && openAgent(direct);

/**
 * Connections of `fetch` to other services. They are closed soon after use, and do not go through the proxy of
 * `NODE_USE_ENV_PROXY`, which is for calls to the outside. Undefined if code has set a dispatcher for the whole
 * process: then that one is used.
 */
export function shortConnections(): Dispatcher | undefined {
  return globalDispatcher() === standard ? agent : undefined;
}

/**
 * With `NODE_USE_ENV_PROXY`, Node's own dispatcher is one for proxies. It contains an agent for hosts that need no
 * proxy.
 */
function findAgent(dispatcher: Dispatcher): Dispatcher | undefined {
  if (dispatcher.constructor.name === 'Agent') return dispatcher;
  return Object.getOwnPropertySymbols(dispatcher)
    .map((name) => (dispatcher as unknown as Record<symbol, object | undefined>)[name])
    .find((part): part is Dispatcher => part?.constructor?.name === 'Agent');
}

/** Creates an agent of the same class as that of Node's `fetch`. A class of the undici package may not fit. */
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
  // From Node 26 on, that one is for older packages, and `fetch` uses a second one.
  return first?.constructor.name === 'Dispatcher1Wrapper'
    ? known[Symbol.for('undici.globalDispatcher.2')]
    : first;
}

import { Agent, request } from 'node:http';
import type { EngineAddress } from '../docker/command';
import type { EngineAnswer, EngineRequest } from '../docker/engine-call';
import { EngineLine } from './engine-line';

/** The newest version of the API whose answers were compared with those of the client. */
const NEWEST = '1.51';
/**
 * How long requests wait for lines that are in use, in milliseconds, before another one is opened; longer if opening one
 * takes longer.
 */
const PATIENCE = 40;
const MOST_PATIENCE = 1000;

/** No engine could be reached, or the connection broke before it answered. */
export class LineBroken extends Error {
  override readonly name = 'LineBroken';

  constructor(
    message: string,
    /**
     * `stopped` if somebody ended the client with a signal; `late` if time was up; `unsent` if the request was never
     * sent; `lost` if the engine may have heard it.
     */
    readonly how: 'stopped' | 'late' | 'unsent' | 'lost',
  ) {
    super(message);
  }
}

export interface RequestOptions {
  signal?: AbortSignal | undefined;
  /** Milliseconds. */
  timeout?: number | undefined;
}

/** One engine, asked over connections that stay open between requests. */
export interface EngineApi {
  /** @throws {LineBroken} */
  ask: (request: EngineRequest, options?: RequestOptions) => Promise<EngineAnswer>;
}

/** One request at a time. */
class Line {
  private stream: EngineLine | undefined;
  /** Whether an answer came over this stream. */
  private isProven = false;
  /** Called when the first thing that was sent was answered, or failed. */
  onTried: () => void = () => undefined;
  private readonly agent: Agent;

  constructor(address: EngineAddress, cwd: string) {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    agent.createConnection = () => {
      this.isProven = false;
      return (this.stream = new EngineLine(address, cwd));
    };
    this.agent = agent;
  }

  async ask(request: EngineRequest, options: RequestOptions = {}): Promise<EngineAnswer> {
    const isOpen = this.isProven && this.stream?.destroyed === false;
    // Nobody could tell whether a command reached an engine to which no connection was made.
    if (request.method !== 'GET' && !isOpen) await unsentIfLost(this.send(PING, options));
    return this.send(request, options);
  }

  private async send(request: EngineRequest, options: RequestOptions): Promise<EngineAnswer> {
    try {
      return await this.exchange(request, options);
    } finally {
      this.onTried();
    }
  }

  private exchange(
    { method, path, body }: EngineRequest,
    { signal, timeout }: RequestOptions,
  ): Promise<EngineAnswer> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = {
      host: 'docker',
      ...(text === undefined
        ? method === 'POST' && { 'content-length': 0 }
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
    };
    return new Promise((resolve, reject) => {
      const sent = request({ agent: this.agent, method, path, headers, signal }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', fail);
        response.on('end', () => {
          clearTimeout(timer);
          this.isProven = true;
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() });
        });
      });
      let isLate = false;
      const expire = () => {
        isLate = true;
        sent.destroy(new Error(`deadline exceeded: no answer within ${timeout! / 1000} s`));
      };
      const timer = timeout === undefined ? undefined : setTimeout(expire, timeout);
      const fail = (error: Error) => {
        clearTimeout(timer);
        const how = isLate ? 'late' : this.stream?.wasStopped ? 'stopped' : 'lost';
        reject(signal?.aborted ? (signal.reason as Error) : new LineBroken(error.message, how));
      };
      sent.on('error', fail);
      sent.end(text);
    });
  }
}

const PING: EngineRequest = { method: 'GET', path: '/_ping' };

/** Whatever was to follow this question was not sent if its answer is lost. */
async function unsentIfLost<T>(question: Promise<T>): Promise<T> {
  try {
    return await question;
  } catch (error) {
    const isLost = error instanceof LineBroken && error.how === 'lost';
    throw isLost ? new LineBroken(error.message, 'unsent') : error;
  }
}

/** The engine at an address. Nothing is connected before the first request. */
export function openEngineApi(address: EngineAddress, cwd: string): EngineApi {
  const lines = openLines(() => new Line(address, cwd));
  let version: Promise<string> | undefined;
  const negotiate = async (options?: RequestOptions) => {
    const { status, body } = await lines.ask({ method: 'GET', path: '/version' }, options);
    if (status !== 200) throw new LineBroken(`/version was answered with ${status}`, 'unsent');
    return spokenWith(JSON.parse(body) as EngineVersion);
  };
  return {
    ask: async (what, options) => {
      version ??= negotiate(options);
      const spoken = await unsentIfLost(version).catch((error: unknown) => {
        version = undefined;
        throw error;
      });
      return lines.ask({ ...what, path: `/v${spoken}${what.path}` }, options);
    },
  };
}

/** Lines that requests share. One more is opened only if none has become free for a while: a line costs a process. */
function openLines(open: () => Line): EngineApi {
  const idle: Line[] = [];
  const waiting: ((line: Line) => void)[] = [];
  let opening: Line | undefined;
  let count = 0;
  let patience = PATIENCE;
  let timer: NodeJS.Timeout | undefined;
  const watch = () => {
    clearTimeout(timer);
    // One that is being opened is waited for, unless what it was opened for lasts.
    const pause = opening ? MOST_PATIENCE : count && patience;
    if (waiting.length > 0) timer = setTimeout(addLine, pause);
  };
  const give = (line: Line) => {
    const next = waiting.shift();
    if (next) next(line);
    else idle.push(line);
    watch();
  };
  const addLine = () => {
    count++;
    const started = performance.now();
    const line = open();
    opening = line;
    line.onTried = () => {
      if (opening !== line) return;
      opening = undefined;
      patience = Math.min(MOST_PATIENCE, Math.max(patience, performance.now() - started));
      watch();
    };
    give(line);
  };
  return {
    ask: async (request, options) => {
      const line =
        idle.pop() ??
        (await new Promise<Line>((resolve) => {
          waiting.push(resolve);
          if (waiting.length === 1) watch();
        }));
      try {
        return await line.ask(request, options);
      } finally {
        give(line);
      }
    },
  };
}

interface EngineVersion {
  ApiVersion: string;
  MinAPIVersion?: string;
}

function spokenWith({ ApiVersion, MinAPIVersion }: EngineVersion): string {
  if (MinAPIVersion && isNewer(MinAPIVersion, NEWEST)) return MinAPIVersion;
  return isNewer(ApiVersion, NEWEST) ? NEWEST : ApiVersion;
}

/** `1.52`, `1.6` */
function isNewer(one: string, other: string): boolean {
  const [major = 0, minor = 0] = one.split('.').map(Number);
  const [otherMajor = 0, otherMinor = 0] = other.split('.').map(Number);
  return major > otherMajor || (major === otherMajor && minor > otherMinor);
}

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

/** Without a signal that ends it, a request is waited for as long as it takes. */
type Ask = (request: EngineRequest, end?: AbortSignal) => Promise<EngineAnswer>;

/** One engine, asked over connections that stay open between requests. */
export interface EngineApi {
  /** @throws {LineBroken} */
  ask: (request: EngineRequest, options?: RequestOptions) => Promise<EngineAnswer>;
  /** Closes all connections, and resolves when the processes that hold them are gone. */
  close: () => Promise<void>;
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

  async ask(request: EngineRequest, end?: AbortSignal): Promise<EngineAnswer> {
    const isOpen = this.isProven && this.stream?.destroyed === false;
    // Nobody could tell whether a command reached an engine to which no connection was made.
    if (request.method !== 'GET' && !isOpen) await unsentIfLost(this.send(PING, end));
    return this.send(request, end);
  }

  async close(): Promise<void> {
    await this.stream?.close();
  }

  private async send(request: EngineRequest, end?: AbortSignal): Promise<EngineAnswer> {
    try {
      return await this.exchange(request, end);
    } finally {
      this.onTried();
    }
  }

  private exchange(
    { method, path, body }: EngineRequest,
    end: AbortSignal | undefined,
  ): Promise<EngineAnswer> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = {
      host: 'docker',
      ...(text === undefined
        ? method === 'POST' && { 'content-length': 0 }
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
    };
    return new Promise((resolve, reject) => {
      const options = { agent: this.agent, method, path, headers, signal: end };
      const sent = request(options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', fail);
        response.on('end', () => {
          this.isProven = true;
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() });
        });
      });
      const fail = ({ message }: Error) => {
        const how = this.stream?.wasStopped ? 'stopped' : 'lost';
        reject(end?.aborted ? (end.reason as Error) : new LineBroken(message, how));
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
  const version = shared(async (end) => {
    const { status, body } = await lines.ask({ method: 'GET', path: '/version' }, end);
    if (status !== 200) throw new LineBroken(`/version was answered with ${status}`, 'unsent');
    return spokenWith(JSON.parse(body) as EngineVersion);
  });
  return {
    ask: (what, options) =>
      inTime(options, async (end) => {
        const spoken = await unsentIfLost(version(end));
        return lines.ask({ ...what, path: `/v${spoken}${what.path}` }, end);
      }),
    close: lines.close,
  };
}

/** Gives the work a signal that ends it when its time is up, or when the caller's own signal does. */
async function inTime<T>(
  { signal, timeout }: RequestOptions = {},
  work: (end: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  if (timeout === undefined) return work(signal);
  const late = new AbortController();
  const why = `deadline exceeded: no answer within ${timeout / 1000} s`;
  const timer = setTimeout(() => late.abort(new LineBroken(why, 'late')), timeout);
  try {
    return await work(signal ? AbortSignal.any([signal, late.signal]) : late.signal);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Asks once for all who want to know, and again after a failure. A caller whose signal ends stops waiting; the question
 * ends when nobody waits for it any more.
 */
function shared<T>(ask: (end: AbortSignal) => Promise<T>): (end?: AbortSignal) => Promise<T> {
  let asking: { answer: Promise<T>; callers: number; end: AbortController } | undefined;
  return async (end) => {
    if (!asking) {
      const controller = new AbortController();
      asking = { answer: ask(controller.signal), callers: 0, end: controller };
    }
    const asked = asking;
    asked.callers++;
    try {
      return await orEnd(asked.answer, end);
    } catch (error) {
      const goesOn = end?.aborted && asked.callers > 1;
      if (!goesOn) {
        asked.end.abort(error);
        if (asking === asked) asking = undefined;
      }
      throw error;
    } finally {
      asked.callers--;
    }
  };
}

/** Rejects as soon as the signal ends. What was waited for goes on. */
function orEnd<T>(work: Promise<T>, end: AbortSignal | undefined): Promise<T> {
  if (!end) return work;
  return new Promise((resolve, reject) => {
    const leave = () => reject(end.reason as Error);
    if (end.aborted) leave();
    end.addEventListener('abort', leave);
    work.then(resolve, reject).finally(() => end.removeEventListener('abort', leave));
  });
}

/** Lines that requests share. One more is opened only if none has become free for a while: a line costs a process. */
function openLines(open: () => Line): { ask: Ask; close: () => Promise<void> } {
  const opened: Line[] = [];
  const idle: Line[] = [];
  const waiting: ((line: Line) => void)[] = [];
  let opening: Line | undefined;
  let patience = PATIENCE;
  let timer: NodeJS.Timeout | undefined;
  const watch = () => {
    clearTimeout(timer);
    // One that is being opened is waited for, unless what it was opened for lasts.
    const pause = opening ? MOST_PATIENCE : opened.length && patience;
    if (waiting.length > 0) timer = setTimeout(addLine, pause);
  };
  const give = (line: Line) => {
    const next = waiting.shift();
    if (next) next(line);
    else idle.push(line);
    watch();
  };
  const addLine = () => {
    const started = performance.now();
    const line = open();
    opened.push(line);
    opening = line;
    line.onTried = () => {
      if (opening !== line) return;
      opening = undefined;
      patience = Math.min(MOST_PATIENCE, Math.max(patience, performance.now() - started));
      watch();
    };
    give(line);
  };
  const wait = (end: AbortSignal | undefined) =>
    new Promise<Line>((resolve, reject) => {
      const leave = () => {
        waiting.splice(waiting.indexOf(take), 1);
        reject(end?.reason as Error);
      };
      const take = (line: Line) => {
        end?.removeEventListener('abort', leave);
        resolve(line);
      };
      end?.addEventListener('abort', leave);
      waiting.push(take);
      if (waiting.length === 1) watch();
    });
  return {
    ask: async (request, end) => {
      end?.throwIfAborted();
      const line = idle.pop() ?? (await wait(end));
      try {
        return await line.ask(request, end);
      } finally {
        give(line);
      }
    },
    close: async () => {
      await Promise.all(opened.map((line) => line.close()));
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

import { docker, type Command, type EngineAddress } from '../docker/command';
import type { EngineCall } from '../docker/engine-call';
import { engineCallOf } from '../docker/engine-request';
import { execOf } from '../docker/exec';
import { LineBroken, openEngineApi, type EngineApi, type RequestOptions } from './engine-api';
import { runExec } from './exec-watch';
import { processRunner, type Outcome, type Runner, type RunOptions } from './process';

/** A runner with connections to engines. */
export interface EngineRunner extends Runner {
  /** Closes the connections. A command that is run afterwards opens them again. */
  close(): Promise<void>;
}

/**
 * Runs commands in `cwd`. Docker commands that are a request or two to the engine are sent to it over one connection; the
 * client is started for all others, and whenever the connection is of no use. What runs in a container is watched.
 */
export function engineRunner(
  cwd: string,
  open: (address: EngineAddress, cwd: string) => EngineApi = openEngineApi,
  runner: Runner = processRunner(cwd),
): EngineRunner {
  const engines = new Map<string, EngineApi>();
  const engineAt = (address: EngineAddress) => {
    const key = JSON.stringify([address.context, address.host]);
    const engine = engines.get(key) ?? whileItWorks(open(address, cwd));
    engines.set(key, engine);
    return engine;
  };
  return {
    run: async (command, options = {}) => {
      const exec = execOf(command);
      if (exec) return runExec(runner, engineAt(exec.address), exec, command, options);
      const call = isPlain(command, options) ? engineCallOf(command.args) : undefined;
      if (!call) return runner.run(command, options);
      options.signal?.throwIfAborted();
      const { signal, timeout } = options;
      const answer = await callEngine(engineAt(call.address), call, { signal, timeout });
      if (answer.kind === 'printed') return answer.outcome;
      if (answer.kind === 'ask-client') return runner.run(command, options);
      // The client says why an engine does not answer. If it does again, what was asked for may be done or not.
      const client = await runner.run(docker(VERSION, call.address), { signal });
      if (client.exitCode !== 0) return client;
      return { exitCode: 1, stdout: '', stderr: `error during connect: ${answer.why}\n` };
    },
    close: async () => {
      await Promise.all([...engines.values()].map((engine) => engine.close()));
    },
  };
}

/** How often in a row it is tried to connect, if that never worked: a client may be too old for it, or another program. */
const TRIES = 2;

/** After some tries without any answer, requests fail at once as never sent, so that no more time is spent on them. */
function whileItWorks(engine: EngineApi): EngineApi {
  let failures = 0;
  let hasAnswered = false;
  return {
    ask: async (request, options) => {
      if (failures >= TRIES && !hasAnswered) {
        throw new LineBroken('no connection could be made', 'unsent');
      }
      try {
        const answer = await engine.ask(request, options);
        hasAnswered = true;
        return answer;
      } catch (error) {
        if (error instanceof LineBroken && error.how === 'unsent') failures++;
        throw error;
      }
    },
    close: () => engine.close(),
  };
}

function isPlain({ file, env, stdin }: Command, { onLine, input, output }: RunOptions): boolean {
  return file === 'docker' && !env && !stdin && !onLine && !input && !output;
}

const VERSION = ['version', '--format', '{{.Server.Version}}'];

/** What became of a call: what it prints; that nothing was changed, so that the client may do it; or nobody knows. */
type Answered =
  { kind: 'printed'; outcome: Outcome } | { kind: 'ask-client' } | { kind: 'unknown'; why: string };

async function callEngine(
  engine: EngineApi,
  call: EngineCall,
  options: RequestOptions,
): Promise<Answered> {
  const isQuestion = call.requests.every(({ method }) => method === 'GET');
  try {
    const outcome = call.print(await askAll(engine, call, options));
    return outcome ? { kind: 'printed', outcome } : { kind: 'ask-client' };
  } catch (error) {
    if (!(error instanceof LineBroken)) throw error;
    const { how, message } = error;
    switch (how) {
      case 'stopped':
        return failed(143, 'ended by SIGTERM');
      case 'late':
        return failed(1, message);
      case 'unsent':
        // A command of several requests may have begun.
        return isQuestion || call.requests.length === 1
          ? { kind: 'ask-client' }
          : { kind: 'unknown', why: message };
      case 'lost':
        return isQuestion ? { kind: 'ask-client' } : { kind: 'unknown', why: message };
    }
  }
}

function failed(exitCode: number, stderr: string): Answered {
  return { kind: 'printed', outcome: { exitCode, stdout: '', stderr } };
}

async function askAll(
  engine: EngineApi,
  { requests, inOrder }: EngineCall,
  options: RequestOptions,
) {
  if (!inOrder) return Promise.all(requests.map((request) => engine.ask(request, options)));
  const answers = [];
  for (const request of requests) answers.push(await engine.ask(request, options));
  return answers;
}

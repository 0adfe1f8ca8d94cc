import type { Command, EngineAddress } from '../docker/command';
import type { EngineCall } from '../docker/engine-call';
import { engineCallOf } from '../docker/engine-request';
import { LineBroken, openEngineApi, type EngineApi, type RequestOptions } from './engine-api';
import { processRunner, type Outcome, type Runner, type RunOptions } from './process';

/**
 * Runs commands in `cwd`. Docker commands that are a request or two to the engine are sent to it over one connection; the
 * client is started for all others, and whenever the connection is of no use.
 */
export function engineRunner(
  cwd: string,
  open: (address: EngineAddress, cwd: string) => EngineApi = openEngineApi,
  runner: Runner = processRunner(cwd),
): Runner {
  const engines = new Map<string, EngineApi>();
  const engineAt = (address: EngineAddress) => {
    const key = JSON.stringify([address.context, address.host]);
    const engine = engines.get(key) ?? open(address, cwd);
    engines.set(key, engine);
    return engine;
  };
  return {
    run: async (command, options = {}) => {
      const call = isPlain(command, options) ? engineCallOf(command.args) : undefined;
      if (!call) return runner.run(command, options);
      options.signal?.throwIfAborted();
      const outcome = await callEngine(engineAt(call.address), call, options);
      return outcome ?? runner.run(command, options);
    },
  };
}

function isPlain({ file, stdin }: Command, { onLine, input, output }: RunOptions): boolean {
  return file === 'docker' && !stdin && !onLine && !input && !output;
}

/** `undefined` if the client is to be asked instead: nothing was changed then. */
async function callEngine(
  engine: EngineApi,
  call: EngineCall,
  { signal, timeout }: RequestOptions,
): Promise<Outcome | undefined> {
  const isQuestion = call.requests.every(({ method }) => method === 'GET');
  try {
    return call.print(await askAll(engine, call, { signal, timeout }));
  } catch (error) {
    if (!(error instanceof LineBroken)) throw error;
    if (error.how === 'stopped') return { exitCode: 143, stdout: '', stderr: 'ended by SIGTERM' };
    if (error.how === 'unsent' || (isQuestion && error.how === 'lost')) return undefined;
    return { exitCode: 1, stdout: '', stderr: `error during connect: ${error.message}\n` };
  }
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

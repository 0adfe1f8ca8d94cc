import { docker as localDocker } from './engine-workspace';

/** Asks without pause and over a fresh connection each time, as a consumer in a container would. */
const PROGRAM = `
const http = require('node:http');
const count = { asked: 0, failures: {}, answers: {}, slowest: 0 };
const add = (to, what) => (to[what] = (to[what] ?? 0) + 1);
const ask = () => new Promise((done) => {
  const begun = Date.now();
  const end = (to, what) => { add(to, what); count.slowest = Math.max(count.slowest, Date.now() - begun); done(); };
  count.asked++;
  const request = http.get(process.argv[1], { agent: false, timeout: 5000 }, (response) => {
    let text = '';
    response.on('data', (chunk) => (text += chunk));
    response.on('end', () => end(response.statusCode < 500 ? count.answers : count.failures, text));
    response.on('error', (error) => end(count.failures, error.code));
  });
  request.on('timeout', () => request.destroy(new Error('timeout')));
  request.on('error', (error) => end(count.failures, error.code ?? error.message));
});
let on = true;
process.on('SIGTERM', () => (on = false));
(async () => {
  console.log('probing');
  while (on) { await ask(); await new Promise((next) => setTimeout(next, 5)); }
  console.log(JSON.stringify(count));
  process.exit(0);
})();
`;

export interface Probed {
  asked: number;
  /** How often each answer came. */
  answers: Record<string, number>;
  failures: Record<string, number>;
  /** Milliseconds of the slowest answer. */
  slowest: number;
}

interface Probe {
  name: string;
  network: string;
  url: string;
  /** One with Node; any that the engine has. */
  image?: string;
  /** The engine that has the network; this machine's own unless given. */
  docker?: (...args: string[]) => string;
}

/** Probes a URL from a container of that network while `work` runs. */
export async function probeWhile<T>(
  { name, network, url, image = 'node:24-bookworm-slim', docker = localDocker }: Probe,
  work: () => Promise<T>,
): Promise<{ result: T; probed: Probed }> {
  docker(
    ...['run', '--detach', '--init', '--name', name, '--network', network, '--no-healthcheck'],
    ...['--entrypoint', 'node', image, '-e', PROGRAM, url],
  );
  try {
    while (docker('logs', name) === '') await new Promise((next) => setTimeout(next, 50));
    const result = await work();
    docker('stop', name);
    return { result, probed: JSON.parse(docker('logs', name).split('\n').at(-1)!) as Probed };
  } finally {
    docker('rm', '--force', name);
  }
}

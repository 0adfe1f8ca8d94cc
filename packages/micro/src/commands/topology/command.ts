import { isAbsolute, join } from 'node:path';
import { readAnyEnvironment } from '../../effects/environments';
import { writeWhole } from '../../effects/files';
import { serveLocally, type LocalAnswer } from '../../effects/local-server';
import { readPageAssets } from '../../effects/page-assets';
import { unknownEngine } from '../../platform/environment';
import { UserError } from '../../platform/user-error';
import { topologyOf } from '../../topology/graph';
import { renderMermaid } from '../../topology/mermaid';
import { renderPage } from '../../topology/page';
import { ENVIRONMENT_OPTION, readOptions } from '../options';
import { readWorkspacePlatform, type Shell } from '../shell';
import { readStatus } from '../status/read-status';

export const TOPOLOGY_USAGE = `usage: micro topology [--html file] [--serve [--port port] [-e environment]]

  Shows who calls whom. Without options, it prints a Mermaid diagram. To keep that diagram in
  docs/topology.md, run "nx g @org/micro:topology" once.

      --html          write the topology as one HTML file
      --serve         serve the page on 127.0.0.1, with what is running in the environment
      --port          port of the served page; a free one by default
  -e, --environment   the environment; development by default
`;

const OPTIONS = {
  ...ENVIRONMENT_OPTION,
  html: { type: 'string' },
  serve: { type: 'boolean' },
  port: { type: 'string' },
} as const;

const STATUS_PATH = '/status.json';

/** Between two looks of the page at what runs, in milliseconds. */
const LOOK_AGAIN = 3_000;

/** `micro topology` */
export async function topologyCommand(args: readonly string[], shell: Shell): Promise<number> {
  const { values } = readOptions(args, OPTIONS, TOPOLOGY_USAGE);
  const { workspaceRoot, say } = shell;
  const topology = () => topologyOf(readWorkspacePlatform(workspaceRoot));
  if (values.html !== undefined) {
    const file = isAbsolute(values.html) ? values.html : join(workspaceRoot, values.html);
    await writeWhole(file, renderPage(topology(), readPageAssets()));
    say(`wrote ${values.html}`);
  }
  if (values.serve) await serve(shell, values.environment, parsePort(values.port));
  else if (values.html === undefined) say(renderMermaid(topology()).trimEnd());
  return 0;
}

/** Until the shell's signal ends it. Each load draws the manifests as they are then. */
async function serve(shell: Shell, environment: string, port: number): Promise<void> {
  const { workspaceRoot, say, signal } = shell;
  const found = readAnyEnvironment(workspaceRoot, environment);
  if (found.engine === 'ecs') throw unknownEngine(found);
  const live = {
    ...{ url: STATUS_PATH.slice(1), environment, interval: LOOK_AGAIN },
    instances: found.engine === 'kubernetes' ? ('pods' as const) : ('containers' as const),
  };
  const { url, close } = await serveLocally(port, {
    '/': () =>
      Promise.resolve({
        type: 'text/html',
        body: renderPage(topologyOf(readWorkspacePlatform(workspaceRoot)), readPageAssets(), live),
      }),
    [STATUS_PATH]: oneAtATime(() => answerStatus(shell, environment)),
  });
  say(`${url}  shows what is running in ${environment}; press Ctrl-C to stop`);
  if (!signal.aborted) {
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  }
  await close();
}

/** What goes wrong is shown by the page, which asks again. */
async function answerStatus(shell: Shell, environment: string): Promise<LocalAnswer> {
  try {
    const status = await readStatus(shell, environment);
    return { type: 'application/json', body: JSON.stringify(status) };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const body = JSON.stringify({ error: error.message });
    return { status: 503, type: 'application/json', body };
  }
}

/** Who asks while an answer is on its way gets that one: several pages cost no more than one. */
function oneAtATime<Value>(ask: () => Promise<Value>): () => Promise<Value> {
  let asked: Promise<Value> | undefined;
  return () => (asked ??= ask().finally(() => (asked = undefined)));
}

function parsePort(text: string | undefined): number {
  const port = Number(text ?? '0');
  if (Number.isInteger(port) && port >= 0 && port <= 65535) return port;
  throw new UserError(`--port ${text}: give a number up to 65535`);
}

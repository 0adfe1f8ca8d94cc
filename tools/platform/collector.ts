import { fileURLToPath } from 'node:url';
import { mustRun } from '../command.js';
import { PROJECT } from './reference-platform.js';

const NAME = `${PROJECT}-collector`;
const PROGRAM = fileURLToPath(new URL('./collector-program.mjs', import.meta.url));

export interface Span {
  service: string;
  traceId: string;
  name: string;
  /** The attributes that the service set, such as `request.id`. */
  attributes: Record<string, unknown>;
}

/** Collects the traces of the platform in its network. It is removed with the platform's containers. */
export async function startCollector(): Promise<{ spans: () => Promise<Span[]> }> {
  await mustRun('docker', [
    ...['run', '--detach', '--rm', '--name', NAME],
    ...['--label', `com.docker.compose.project=${PROJECT}`],
    ...['--network', `${PROJECT}_edge`, '--network-alias', 'collector'],
    ...['--publish', '127.0.0.1::4318', '--volume', `${PROGRAM}:/collector.mjs:ro`],
    ...['node:24-bookworm-slim', 'node', '/collector.mjs'],
  ]);
  const port = (await mustRun('docker', ['port', NAME, '4318/tcp'])).trim().split('\n')[0]!;
  return {
    spans: async () => (await (await fetch(`http://${port}/spans`)).json()) as Span[],
  };
}

import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import { docker } from '../docker/command';
import type { Environment } from '../platform/environment';
import type { Runner } from './process';

/** The IP addresses of a host name; empty if it has none. */
export async function resolveHost(host: string): Promise<string[]> {
  // As in browsers (RFC 6761). Not every resolver of an operating system does this.
  if (/(?:^|\.)localhost$/.test(host)) return ['127.0.0.1'];
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch {
    return [];
  }
}

/** The machine of an environment's engine: its address as seen from here, and its IP addresses. */
export interface EngineMachine {
  /** 127.0.0.1 if it is this machine. */
  reachedBy: string;
  addresses: readonly string[];
}

/** @returns `undefined` if the address is unknown, for example if the docker context does not exist here. */
export async function readEngineMachine(
  runner: Runner,
  { host, context }: Pick<Environment, 'host' | 'context'>,
): Promise<EngineMachine | undefined> {
  const address = host ?? (context === undefined ? undefined : await addressIn(runner, context));
  if (context !== undefined && address === undefined) return undefined;
  const url = address !== undefined && URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol !== 'ssh:' && url?.protocol !== 'tcp:') {
    const own = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
    return { reachedBy: '127.0.0.1', addresses: own.map((one) => one.address) };
  }
  const name = url.hostname.replace(/^\[|\]$/g, '');
  return { reachedBy: name, addresses: await resolveHost(name) };
}

/** The engine's address in a docker context. */
async function addressIn(runner: Runner, context: string): Promise<string | undefined> {
  const format = '{{.Endpoints.docker.Host}}';
  const { exitCode, stdout } = await runner.run(
    docker(['context', 'inspect', context, '--format', format], {}),
  );
  return exitCode === 0 ? stdout.trim() : undefined;
}

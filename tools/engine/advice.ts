import type { Host } from '../debian/host.js';
import type { EngineFacts } from './facts.js';
import { isTooOld, OLDEST_ENGINE } from './version.js';

const DESKTOP = 'Docker Desktop (https://docs.docker.com/desktop/)';
const ENGINE = 'Docker Engine (https://docs.docker.com/engine/install/)';
const CLIENT = 'the Docker client, package docker-ce-cli';
const BUILDX = 'the buildx plugin, package docker-buildx-plugin (https://docs.docker.com/build/)';
const COMPOSE =
  'the Compose v2 plugin, package docker-compose-plugin (https://docs.docker.com/compose/install/linux/)';

/** What a person has to do to get the engine, buildx and Compose v2: one sentence each. */
export function adviseEngine(facts: EngineFacts, host: Host): string[] {
  const onLinux = host.platform === 'linux';
  if (!facts.client && !facts.daemon && facts.server.kind === 'down') {
    return [
      onLinux
        ? `Docker is not installed: install ${ENGINE} with buildx and the Compose plugin${onDebian(host)}.`
        : `Docker is not installed: install and start ${DESKTOP}.`,
    ];
  }
  const parts = [
    ...(facts.client ? [] : [CLIENT]),
    ...(facts.buildx ? [] : [BUILDX]),
    ...(facts.compose ? [] : [COMPOSE]),
  ];
  return [
    ...adviseServer(facts, onLinux),
    ...parts.map((part) =>
      onLinux ? `Install ${part}.` : `Update ${DESKTOP}: it comes with ${part}.`,
    ),
  ];
}

function adviseServer({ server, elsewhere, daemon }: EngineFacts, onLinux: boolean): string[] {
  if (server.kind === 'running') {
    return isTooOld(server.version)
      ? [`Docker Engine ${server.version} is too old: update it to ${OLDEST_ENGINE} or newer.`]
      : [];
  }
  if (elsewhere) {
    return [
      `No engine answers at ${elsewhere}: start it, or unset that to use this machine's own.`,
    ];
  }
  if (server.kind === 'denied') {
    return [
      `You may not use ${server.socket}: run \`sudo usermod -aG ${server.group} $USER\`, then log in again.`,
    ];
  }
  const said = server.reason ? ` (${server.reason})` : '';
  if (!onLinux) return [`The Docker engine is not running: start Docker Desktop${said}.`];
  return daemon
    ? [`The Docker engine is not running: start Docker, \`sudo systemctl start docker\`${said}.`]
    : [`There is a Docker client and no engine${said}: install and start ${ENGINE}.`];
}

function onDebian(host: Host): string {
  return host.debian && !host.root ? ', or run this as root to have it done' : '';
}

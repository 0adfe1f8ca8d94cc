import { docker } from './engine-workspace';

/** Where the edge finds the authority in its network. */
const NAME = 'acme.localhost';

/** What leads the authority to an edge: it comes to the ports of the web, which belong to others on a machine of tests. */
const ROAD = `
const { connect, createServer } = require('node:net');
for (const [from, to] of JSON.parse(process.argv[1])) {
  createServer((caller) => {
    const edge = connect(to, 'micro-edge');
    caller.pipe(edge).pipe(caller);
    for (const socket of [caller, edge]) socket.on('error', () => { caller.destroy(); edge.destroy(); });
  }).listen(from);
}`;

/** An authority that gives certificates by ACME, in the network of a platform. */
export interface AcmeAuthority {
  /** Its directory, for `edge.acme.ca`. */
  directory: string;
  /** Its root certificate, PEM. */
  root: string;
  remove: () => void;
}

/**
 * Starts Caddy's own ACME server, and a road on which it gets to the edge by the names of its hosts.
 *
 * @param ports in the edge's container: of HTTP and of HTTPS.
 */
export async function startAcmeAuthority(
  platform: string,
  network: string,
  hosts: readonly string[],
  ports: { http: number; https: number },
): Promise<AcmeAuthority> {
  const [authority, road] = [`${platform}-acme`, `${platform}-acme-road`];
  const config = `{\n  skip_install_trust\n}\n${NAME} {\n  tls internal\n  acme_server\n}\n`;
  docker(
    ...['run', '--detach', '--name', authority, '--network', network, '--network-alias', NAME],
    ...[
      'caddy:2',
      'sh',
      '-c',
      `printf '%s' "$1" > /tmp/Caddyfile && exec caddy run --config /tmp/Caddyfile --adapter caddyfile`,
    ],
    ...['sh', config],
  );
  docker(
    ...['run', '--detach', '--name', road, '--network', network],
    ...hosts.flatMap((host) => ['--network-alias', host]),
    ...['node:24-bookworm-slim', 'node', '-e', ROAD],
    JSON.stringify([
      [80, ports.http],
      [443, ports.https],
    ]),
  );
  const root = () => docker('exec', authority, 'cat', '/data/caddy/pki/authorities/local/root.crt');
  return {
    directory: `https://${NAME}/acme/local/directory`,
    root: await eventually(root),
    remove: () => void docker('rm', '--force', '--volumes', authority, road),
  };
}

async function eventually<T>(work: () => T): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return work();
    } catch (error) {
      if (tries > 50) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

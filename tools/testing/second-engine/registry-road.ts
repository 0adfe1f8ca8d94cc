import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { mustRun } from '../../command.js';
import { type Machine, on } from './machine.js';

/**
 * Lets the machine reach the registry of this one under the same address, so that a reference that was pushed here can
 * be pulled there.
 *
 * @param registry an address of this machine, such as `127.0.0.1:5000`.
 */
export async function openRegistryRoad(machine: Machine, registry: string): Promise<Server> {
  const [host = '', port = ''] = registry.split(':');
  const server = createServer((socket) => handOn(socket, connect(Number(port), host)));
  server.listen(0, machine.hostAddress);
  await once(server, 'listening');
  const here = `${machine.hostAddress}:${(server.address() as AddressInfo).port}`;
  const inside = (program: string, ...args: string[]) => mustRun(...on(machine, program, args));
  await inside('sh', '-c', 'echo 1 > /proc/sys/net/ipv4/conf/all/route_localnet');
  await inside(
    'iptables',
    ...['--wait', '--table', 'nat', '--append', 'OUTPUT', '--protocol', 'tcp'],
    ...['--destination', host, '--dport', port, '--jump', 'DNAT', '--to-destination', here],
  );
  await inside(
    'iptables',
    ...['--wait', '--table', 'nat', '--append', 'POSTROUTING', '--out-interface', 'eth0'],
    ...['--jump', 'MASQUERADE'],
  );
  return server;
}

function handOn(from: Socket, to: Socket): void {
  from.on('error', () => to.destroy());
  to.on('error', () => from.destroy());
  from.pipe(to).pipe(from);
}

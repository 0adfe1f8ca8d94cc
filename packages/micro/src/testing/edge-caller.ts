import { connect as connectHttp2, type IncomingHttpHeaders } from 'node:http2';
import { get as getPlain, type IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { connect, type LookupFunction } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls, type PeerCertificate } from 'node:tls';

/** An answer with its whole text. */
export interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  text: string;
}

/** Where a host is asked for on this machine. */
export interface HostAt {
  host: string;
  port: number;
  /** The root certificate that is believed, PEM; plain HTTP without one. */
  ca?: string;
}

/** Leads every name to this machine. */
export const toThisMachine: LookupFunction = (_name, { all }, found) =>
  all ? found(null, [{ address: '127.0.0.1', family: 4 }]) : found(null, '127.0.0.1', 4);

/** One request on a connection of its own. */
export function askHost(
  { host, port, ca }: HostAt,
  path: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = {
      ...{ host, port, path, lookup: toThisMachine, agent: false as const, timeout: 20_000 },
      headers: { host, ...headers },
    };
    const answered = (response: IncomingMessage) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode!, headers: response.headers, text }),
      );
      response.on('error', reject);
    };
    const request =
      ca === undefined ? getPlain(options, answered) : get({ ...options, ca }, answered);
    request.on('timeout', () => request.destroy(new Error('no answer within 20 s')));
    request.on('error', reject);
  });
}

/** The same over HTTP/2; fails if that is not what both sides agree on. */
export async function askOverHttp2(
  { host, port, ca }: HostAt,
  path: string,
): Promise<{ headers: IncomingHttpHeaders; text: string; protocol: string | undefined }> {
  const session = connectHttp2(`https://${host}:${port}`, { ca, lookup: toThisMachine });
  try {
    return await new Promise((resolve, reject) => {
      session.on('error', reject);
      const stream = session.request({ ':path': path });
      let text = '';
      let headers: IncomingHttpHeaders = {};
      stream.on('response', (heard) => (headers = heard));
      stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      stream.on('end', () => resolve({ headers, text, protocol: session.alpnProtocol }));
      stream.on('error', reject);
    });
  } finally {
    session.close();
  }
}

/** The certificate that is shown for a host, believed or not. */
export function shownCertificate({ host, port }: HostAt): Promise<PeerCertificate> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({
      ...{ host: '127.0.0.1', port, servername: host, rejectUnauthorized: false },
    });
    socket.on('secureConnect', () => {
      resolve(socket.getPeerCertificate());
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

/** How long a connection lasts on which this much is sent, and what was received until it was closed. */
export async function holdConnection(
  port: number,
  sent: string,
): Promise<{ seconds: number; heard: string }> {
  const begun = performance.now();
  let heard = '';
  const closed = await Promise.race([
    new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(sent));
      socket.on('data', (chunk: Buffer) => (heard += chunk.toString()));
      socket.on('error', () => resolve(true));
      socket.on('close', () => resolve(true));
    }),
    sleep(20_000, false),
  ]);
  if (!closed) throw new Error('the connection is open after 20 s');
  return { seconds: (performance.now() - begun) / 1000, heard };
}

import { X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import type { Validity } from '../edge/certificate';

/** The certificate that a server presents for a host, or why it could not be read. */
export type ServedCertificate =
  ({ kind: 'served'; covers: boolean } & Validity) | { kind: 'unknown'; problem: string };

const MILLISECONDS = 5000;

/**
 * Reads the certificate of a host, as a browser would. The issuer is not checked: this machine does not know the
 * private CA of an environment.
 *
 * @param address of the machine, because the host's own name may lead to another one.
 */
export function readServedCertificate(
  address: string,
  port: number,
  host: string,
): Promise<ServedCertificate> {
  return new Promise((resolve) => {
    const socket = connect({
      ...{ host: address, port, servername: host, timeout: MILLISECONDS },
      rejectUnauthorized: false,
    });
    const end = (answer: ServedCertificate) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('secureConnect', () => {
      const certificate = new X509Certificate(socket.getPeerCertificate(true).raw);
      const { validFromDate: from, validToDate: to } = certificate;
      end({ kind: 'served', covers: certificate.checkHost(host) !== undefined, from, to });
    });
    socket.once('timeout', () => end({ kind: 'unknown', problem: 'no answer' }));
    socket.once('error', (error: Error) => end({ kind: 'unknown', problem: error.message }));
  });
}

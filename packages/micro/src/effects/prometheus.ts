import { UserError } from '../platform/user-error';
import { runKubectl, type Cluster } from './cluster';

const ANSWER_MILLISECONDS = 10_000;

/** `prometheus.monitoring.svc`, a Service in a namespace. */
const SERVICE_HOST = /^(?<name>[^.]+)\.(?<namespace>[^.]+)\.svc(?:\.|$)/;

/**
 * Asks a Prometheus for the present value of an expression. A Service of the cluster is asked through the API server, so
 * that nothing has to be published.
 *
 * @returns its answer, JSON.
 * @throws {UserError} if there is none.
 */
export async function queryPrometheus(
  cluster: Cluster,
  address: string,
  query: string,
): Promise<string> {
  const url = new URL(`${address.replace(/\/$/, '')}/api/v1/query`);
  url.searchParams.set('query', query);
  const service = SERVICE_HOST.exec(url.hostname)?.groups as ServiceHost | undefined;
  const what = `Prometheus (${address}) cannot be asked`;
  if (service) {
    const args = ['get', '--raw', proxyPath(url, service)];
    return (await runKubectl(cluster, args, what)).stdout;
  }
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MILLISECONDS) });
    const text = await response.text();
    if (response.ok) return text;
    throw new UserError(`${what}: it answered ${response.status} ${text.slice(0, 200)}`);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${what}: ${reasonOf(error as Error)}`);
  }
}

interface ServiceHost {
  name: string;
  namespace: string;
}

/** The path at which the API server passes a request on to a Service. */
function proxyPath({ protocol, port, pathname, search }: URL, { name, namespace }: ServiceHost) {
  const scheme = protocol === 'https:' ? 'https' : 'http';
  const at = port === '' ? (scheme === 'https' ? '443' : '80') : port;
  return `/api/v1/namespaces/${namespace}/services/${scheme}:${name}:${at}/proxy${pathname}${search}`;
}

/** `fetch` says only that it failed; why is in the cause. */
function reasonOf({ message, cause }: Error): string {
  return cause instanceof Error && cause.message !== '' ? cause.message : message;
}

import { Code, ConnectError, type ConnectRouter } from '@connectrpc/connect';
import { setTimeout as sleep } from 'node:timers/promises';
import { Health, HealthCheckResponse_ServingStatus as Status } from './health_pb.js';

/** How often a watched status is read. */
const WATCH_MS = 1000;

/**
 * The standard health service: https://grpc.io/docs/guides/health-checking/. It says what `/ready` says, for the whole
 * server (the empty name) and for each of its services.
 */
export function healthRoutes(
  router: ConnectRouter,
  isReady: () => Promise<boolean>,
  services: () => ReadonlySet<string>,
): void {
  const read = async (service: string): Promise<Status> => {
    if (service !== '' && !services().has(service)) return Status.SERVICE_UNKNOWN;
    return (await isReady()) ? Status.SERVING : Status.NOT_SERVING;
  };
  router.service(Health, {
    check: async ({ service }) => {
      const status = await read(service);
      if (status !== Status.SERVICE_UNKNOWN) return { status };
      throw new ConnectError(`there is no service "${service}"`, Code.NotFound);
    },
    async *watch({ service }, { signal }) {
      let last: Status | undefined;
      while (!signal.aborted) {
        const status = await read(service);
        if (status !== last) yield { status: (last = status) };
        await sleep(WATCH_MS, undefined, { signal }).catch(() => undefined);
      }
    },
  });
}

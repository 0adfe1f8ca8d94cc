import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { failure, recordingRunner } from '../testing/recording-runner';
import { queryPrometheus } from './prometheus';

function clusterThat(answer?: Parameters<typeof recordingRunner>[0]) {
  const runner = recordingRunner(answer);
  return { runner, context: 'far', namespace: 'acme-live', file: 'environments/live.yml' };
}

async function withServer(listener: RequestListener, work: (url: string) => Promise<void>) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.close();
  }
}

it.each([
  ['http://prometheus.monitoring.svc:9090', 'http:prometheus:9090/proxy/api/v1/query'],
  ['http://prometheus.monitoring.svc.cluster.local', 'http:prometheus:80/proxy/api/v1/query'],
  ['https://prometheus.monitoring.svc/prom/', 'https:prometheus:443/proxy/prom/api/v1/query'],
])('asks a Service of the cluster through the API server: %s', async (address, path) => {
  const cluster = clusterThat(() => ({ stdout: '{"status":"success"}' }));
  expect(await queryPrometheus(cluster, address, 'up{a="b"}')).toBe('{"status":"success"}');
  expect(cluster.runner.commands.map(({ args }) => args)).toEqual([
    [
      ...['--context', 'far', '--namespace', 'acme-live', 'get', '--raw'],
      `/api/v1/namespaces/monitoring/services/${path}?query=up%7Ba%3D%22b%22%7D`,
    ],
  ]);
});

it('says what the API server says of a Service that is not there', async () => {
  const words = 'Error from server (NotFound): services "prometheus" not found';
  const cluster = clusterThat(() => failure(words));
  await expect(
    queryPrometheus(cluster, 'http://prometheus.monitoring.svc:9090', 'up'),
  ).rejects.toThrow(`Prometheus (http://prometheus.monitoring.svc:9090) cannot be asked: ${words}`);
});

it('asks any other address itself', async () => {
  const asked: (string | undefined)[] = [];
  await withServer(
    (request, response) => {
      asked.push(request.url);
      response.end('{"status":"success"}');
    },
    async (url) => {
      const cluster = clusterThat();
      expect(await queryPrometheus(cluster, url, 'up')).toBe('{"status":"success"}');
      expect(asked).toEqual(['/api/v1/query?query=up']);
      expect(cluster.runner.lines).toEqual([]);
    },
  );
});

it('says what an address answers that is not well', async () => {
  await withServer(
    (_request, response) => response.writeHead(502).end('bad gateway'),
    async (url) => {
      await expect(queryPrometheus(clusterThat(), url, 'up')).rejects.toThrow(
        `Prometheus (${url}) cannot be asked: it answered 502 bad gateway`,
      );
    },
  );
});

it('says why an address does not answer', async () => {
  let closed = '';
  await withServer(
    () => undefined,
    (url) => Promise.resolve(void (closed = url)),
  );
  await expect(queryPrometheus(clusterThat(), closed, 'up')).rejects.toThrow(
    /cannot be asked: .*ECONNREFUSED/,
  );
});

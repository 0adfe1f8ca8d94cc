import type { ComposeEntry } from '../../../packages/micro/src/deployment/entry.js';
import type { RenderedImage, RenderInput } from '../../../packages/micro/src/kubernetes/render.js';
import { parseAnyEnvironment } from '../../../packages/micro/src/platform/environment.js';
import { parsePlatform } from '../../../packages/micro/src/platform/platform.js';

const ENVIRONMENT =
  'engine: kubernetes\ncontext: big\nregistry: registry.example.com/big\nservices: { service-1: { environment: { LOG_LEVEL: warn } } }\n';

export function imageOf(name: string, letter = 'a'): RenderedImage {
  const digest = letter.repeat(64);
  return { key: digest, image: `registry.example.com/big/${name}@sha256:${digest}` };
}

/** Services that call the two before them; every second one has a database. */
export function scaledPlatform(services: number) {
  const names = Array.from({ length: services }, (_, index) => `service-${index + 1}`);
  const platform = parsePlatform(
    'big',
    names.map((name, index) => {
      const consumes = names.slice(Math.max(0, index - 2), index);
      const database = hasDatabase(index) ? 'datastores: { database: postgres }\n' : '';
      const text = `port: ${3001 + index}\nconsumes: [${consumes.join(', ')}]\n${database}`;
      return { name, root: `apps/${name}`, file: `apps/${name}/service.yml`, text };
    }),
  );
  const entries = names.flatMap((name, index): [string, ComposeEntry][] => [
    [name, serviceEntry(names, index)],
    ...(hasDatabase(index)
      ? [[`${name}-database`, databaseEntry(name)] satisfies [string, ComposeEntry]]
      : []),
  ]);
  const environment = parseAnyEnvironment('big', ENVIRONMENT, names);
  if (environment.engine !== 'kubernetes') throw new Error('not for a cluster');
  const images = new Map(names.map((name) => [name, imageOf(name)]));
  const input: RenderInput = {
    ...{ platform, environment, images, written: { services: Object.fromEntries(entries) } },
    ports: new Map(names.map((name) => [`${name}-database`, 5432])),
  };
  return { input, images };
}

function hasDatabase(index: number): boolean {
  return index % 2 === 1;
}

function serviceEntry(names: readonly string[], index: number) {
  const links = names
    .slice(Math.max(0, index - 2), index)
    .map((name, at): [string, string] => [
      `LINK_${at}_URL`,
      `http://${name}:${3001 + names.indexOf(name)}`,
    ]);
  return {
    ...{ read_only: true, tmpfs: ['/tmp'], stop_grace_period: '40s' },
    environment: {
      ...{ PORT: String(3001 + index), LOG_LEVEL: 'info', NODE_ENV: 'production' },
      ...{ KEYS_URL: `http://${names[0]}:3001/keys` },
      ...Object.fromEntries(links),
    },
  };
}

function databaseEntry(name: string) {
  return {
    image: 'postgres:18',
    environment: { POSTGRES_DB: name },
    healthcheck: { test: ['CMD-SHELL', 'pg_isready'], interval: '5s' },
    volumes: [{ type: 'volume', source: 'data', target: '/var/lib/postgresql' }],
  };
}

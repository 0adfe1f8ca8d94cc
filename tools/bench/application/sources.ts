import { LIBRARIES, SCOPE, SERVICE_NAMES, SERVICES, type ServiceName } from './services.js';

/** File contents by path relative to the workspace root. */
export type Files = Record<string, string>;

export const ROUTE_FILE = (service: string) => `apps/${service}/src/routes/work.ts`;
export const LIBRARY_FILE = (library: string) => `packages/${library}/src/index.ts`;

/** The services of every contender: the same libraries and the same route, byte for byte. */
export function commonSources(): Files {
  return Object.fromEntries([
    ...LIBRARIES.map((library) => [LIBRARY_FILE(library), librarySource(library)]),
    ...SERVICE_NAMES.flatMap((service) => [
      [ROUTE_FILE(service), routeSource(service)],
      [`apps/${service}/README.md`, `# ${service}\n`],
      [`apps/${service}/src/routes/work.spec.ts`, `// How ${service} is tested.\n`],
    ]),
  ]) as Files;
}

function librarySource(library: string): string {
  return `/** What ${library} makes of an amount. */
export function ${library}(amount: number): string {
  return \`${library} \${amount.toFixed(2)}\`;
}
`;
}

function routeSource(service: ServiceName): string {
  const libraries = SERVICES[service];
  const imports = libraries.map((name) => `import { ${name} } from '${SCOPE}/${name}';\n`).join('');
  const calls = libraries.map((name) => `${name}(data.amount)`).join(', ');
  return `${imports}import type { FastifyInstance } from 'fastify';
import * as z from 'zod';

const query = z.object({ amount: z.coerce.number().default(1) });

export function workRoutes(app: FastifyInstance): void {
  app.get('/work', async (request, reply) => {
    const { data, error } = query.safeParse(request.query);
    if (error) return reply.code(400).send({ error: z.prettifyError(error) });
    return { service: '${service}', version: 'first', results: [${calls}] };
  });
}
`;
}

/**
 * Starts the route above in the peers' services, as the generator of @nx/node does for Fastify. It listens on every
 * interface, because only one of the templates sets HOST.
 */
export function peerFrame(): Files {
  return Object.fromEntries(
    SERVICE_NAMES.flatMap((service) => [
      [`apps/${service}/src/main.ts`, PEER_MAIN],
      [`apps/${service}/src/app.ts`, PEER_APP],
    ]),
  );
}

const PEER_MAIN = `import Fastify from 'fastify';
import { app } from './app';

const host = process.env.HOST ?? '0.0.0.0';
const port = process.env.PORT ? Number(process.env.PORT) : 3000;

const server = Fastify({ logger: true });
server.register(app);

server.listen({ port, host }, (err) => {
  if (err) {
    server.log.error(err);
    process.exit(1);
  } else {
    console.log(\`[ ready ] http://\${host}:\${port}\`);
  }
});
`;

const PEER_APP = `import type { FastifyInstance } from 'fastify';
import { workRoutes } from './routes/work';

export async function app(fastify: FastifyInstance) {
  fastify.get('/health', async () => ({ status: 'ok' }));
  workRoutes(fastify);
}
`;

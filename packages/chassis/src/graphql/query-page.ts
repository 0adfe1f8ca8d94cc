import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { MissingPackageError, missingPackage } from '../errors/errors.js';
import { PROBE_ROUTE } from '../service/health.js';

// Not a literal, so that bundlers ignore it: it does not belong in an image.
const PACKAGE: string = 'altair-static';

/** What is used of it: its own types need those of its schemas. */
interface Altair {
  getDistDirectory(): string;
  renderAltair(options: object): string;
  renderInitSnippet(options: object): string;
}

/** Everything comes from this server, and nothing is sent elsewhere. The page sets styles of its own. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
};

/** Without a token, because a browser sends none for a page, and not in logs and metrics. */
const ROUTE = { ...PROBE_ROUTE, schema: { hide: true } };

/**
 * A page at `path` to try queries: Altair, from `altair-static`. It works without a network. If the package is missing,
 * the page says so.
 */
export function queryPage(app: FastifyInstance, path: string): void {
  const options = {
    baseURL: `${path}/page/`,
    endpointURL: path,
    // A script of its own, since the policy allows none in the page.
    serveInitialOptionsInSeperateRequest: 'options.js',
    disableAccount: true,
    persistedSettings: {
      'alert.disableUpdateNotification': true,
      'banners.disable': true,
      disablePushNotification: true,
    },
  };
  let loading: Promise<Altair> | undefined;
  const load = () => (loading ??= loadAltair());
  let files: ReadonlyMap<string, string> | undefined;

  app.get(path, ROUTE, async (_request, reply) => {
    const altair = await load().catch((error: unknown) => {
      if (error instanceof MissingPackageError) return undefined;
      throw error;
    });
    if (!altair) return send(reply.code(501), '.html', MISSING);
    return send(reply, '.html', altair.renderAltair(options));
  });
  app.get(`${path}/page/options.js`, ROUTE, async (_request, reply) =>
    send(reply, '.js', (await load()).renderInitSnippet(options)),
  );
  app.get<{ Params: { '*': string } }>(`${path}/page/*`, ROUTE, async (request, reply) => {
    files ??= filesBelow((await load()).getDistDirectory());
    const file = files.get(request.params['*']);
    if (!file) return reply.callNotFound();
    return send(reply, extname(file), await readFile(file));
  });
}

async function loadAltair(): Promise<Altair> {
  const loaded: unknown = await import(PACKAGE).catch(missingPackage('GET /graphql', PACKAGE));
  return loaded as Altair;
}

/** By their paths below a folder, so that no other file can be asked for. */
function filesBelow(folder: string): ReadonlyMap<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return new Map(files.map((file) => [file.slice(folder.length + 1).replaceAll('\\', '/'), file]));
}

function send(reply: FastifyReply, extension: string, body: string | Buffer): FastifyReply {
  return reply
    .header('content-security-policy', POLICY)
    .header('x-content-type-options', 'nosniff')
    .type(TYPES[extension] ?? 'application/octet-stream')
    .send(body);
}

const MISSING = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>GraphQL</title>
  </head>
  <body>
    <p>
      The page to try queries is in a package that is not installed. Add <code>${PACKAGE}</code> to the devDependencies of this
      service, install, and start the service again. Queries are answered without it, too.
    </p>
  </body>
</html>
`;

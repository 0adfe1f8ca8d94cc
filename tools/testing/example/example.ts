import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Workspace } from '../workspace.js';

const FILES = join(dirname(fileURLToPath(import.meta.url)), 'files');

/** The services of the example in the order of their generation, each with the services that it calls. */
export const EXAMPLE_SERVICES = ['users', 'orders', 'gateway'] as const;
export type ExampleService = (typeof EXAMPLE_SERVICES)[number];

/** The library, and the services that use it. */
export const LIBRARY_FILE = 'packages/money/src/index.ts';
export const LIBRARY_USERS: readonly ExampleService[] = ['orders', 'gateway'];

/** `nx g @org/micro:service …` for one service of the example. */
export function generateArguments(service: ExampleService): string[] {
  const more = {
    users: [],
    orders: ['--consumes=users'],
    gateway: ['--kind=gateway', '--consumes=orders,users'],
  };
  return ['g', '@org/micro:service', service, ...more[service]];
}

/**
 * Writes what a team would write: a library, and in each generated service a route that is registered in its app. `GET
 * /shop` of the gateway needs all three services, and the library in two of them.
 */
export async function writeExampleCode(workspace: Workspace): Promise<void> {
  const entries = await readdir(FILES, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((one) => one.isFile())) {
    const file = join(entry.parentPath, entry.name);
    const text = (await readFile(file, 'utf8')).replaceAll('@example/', `@${workspace.name}/`);
    await workspace.write(relative(FILES, file), text);
  }
  await registerRoutes(workspace, 'users', 'users(app)', HELLO);
  await registerRoutes(workspace, 'orders', 'orders(app, config)', HELLO);
  await registerRoutes(workspace, 'gateway', 'shop(app, config)', PROXY);
  for (const service of LIBRARY_USERS) {
    const dependency = `"@${workspace.name}/money": "*",\n    `;
    const first = '"@org/chassis"';
    await workspace.edit(`apps/${service}/package.json`, first, dependency + first);
  }
}

/** Lines of a generated app after which routes are imported and registered. */
interface Anchor {
  imported: string;
  called: string;
}

const HELLO: Anchor = {
  imported: `import { helloRoutes } from './routes/hello.js';\n`,
  called: `      helloRoutes(app);\n`,
};

const PROXY: Anchor = {
  imported: `import { connectResources } from './resources.js';\n`,
  called: `      await app.register(proxy.routes);\n`,
};

/** @param call `users(app)`, for `usersRoutes(app)` of `routes/users.ts`. */
async function registerRoutes(
  workspace: Workspace,
  service: ExampleService,
  call: string,
  { imported, called }: Anchor,
): Promise<void> {
  const app = `apps/${service}/src/app.ts`;
  const [routes] = call.split('(');
  const more = `import { ${routes}Routes } from './routes/${routes}.js';\n`;
  await workspace.edit(app, imported, imported + more);
  await workspace.edit(app, called, `${called}      ${call.replace('(', 'Routes(')};\n`);
}

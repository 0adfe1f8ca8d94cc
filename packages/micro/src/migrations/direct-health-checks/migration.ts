import { getProjects, logger, type Tree } from '@nx/devkit';
import { posix } from 'node:path';

/** What the health checks of generated Dockerfiles ran until 0.2. */
const FORMER = JSON.stringify(
  "fetch('http://127.0.0.1:' + process.env.PORT + '/ready').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))",
);

/** What they run now, as in the generator's templates. */
const DIRECT = JSON.stringify(
  "require('node:http').get({ host: '127.0.0.1', port: process.env.PORT, path: '/ready', agent: false }, (r) => { console.log('GET /ready: ' + r.statusCode); r.pipe(process.stdout); process.exitCode = r.statusCode < 300 ? 0 : 1 }).on('error', (e) => { console.log('GET /ready: ' + e.message); process.exitCode = 1 })",
);

/**
 * Makes the health check of each generated Dockerfile call the service directly. `fetch` would use the proxy of
 * `NODE_USE_ENV_PROXY`, and its error would not say why it failed. A check that a person changed stays as it is.
 */
export function directHealthChecks(tree: Tree): void {
  for (const { root } of getProjects(tree).values()) {
    const path = posix.join(root, 'Dockerfile');
    const text = tree.exists(path) ? tree.read(path, 'utf8')! : '';
    if (!text.includes(FORMER)) continue;
    tree.write(
      path,
      text.replaceAll(FORMER, () => DIRECT),
    );
    logger.info(`${path}: the health check asks the service directly, and says what it answered`);
  }
}

import { copyFileSync, cpSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageReadme } from './package-readme.js';

/**
 * What the published package needs besides compiled code: schemas, templates, files of the topology page, and the
 * root's README and license.
 */
const PACKAGE = 'packages/micro';

for (const pattern of ['**/schema.json', 'generators/*/files', 'topology/browser']) {
  for (const path of globSync(pattern, { cwd: join(PACKAGE, 'src') })) {
    const to = join(PACKAGE, 'dist', path);
    // A template that was renamed must not remain under its old name.
    rmSync(to, { recursive: true, force: true });
    cpSync(join(PACKAGE, 'src', path), to, { recursive: true });
  }
}
writeFileSync(join(PACKAGE, 'README.md'), packageReadme(readFileSync('README.md', 'utf8')));
for (const folder of [PACKAGE, 'packages/chassis'])
  copyFileSync('LICENSE', join(folder, 'LICENSE'));

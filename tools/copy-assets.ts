import { copyFileSync, cpSync, globSync } from 'node:fs';
import { join } from 'node:path';

/** What the published package needs beside compiled code: schemas, templates and the root's texts. */
const PACKAGE = 'packages/micro';

for (const pattern of ['**/schema.json', 'generators/*/files']) {
  for (const path of globSync(pattern, { cwd: join(PACKAGE, 'src') })) {
    cpSync(join(PACKAGE, 'src', path), join(PACKAGE, 'dist', path), { recursive: true });
  }
}
for (const file of ['README.md', 'LICENSE']) copyFileSync(file, join(PACKAGE, file));

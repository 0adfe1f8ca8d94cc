import { writeFileSync } from 'node:fs';
import { URL } from 'node:url';

// The nearest package.json decides how Node reads a file.
writeFileSync(
  new URL('dist/cjs/package.json', import.meta.url),
  `${JSON.stringify({ type: 'commonjs' })}\n`,
);

import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { defineConfig } from 'vitest/config';

// Tests see the variables of a development run, which `nx sync` keeps in .serve.env.
const serveEnv = parseEnv(readFileSync(new URL('.serve.env', import.meta.url), 'utf8'));

export default defineConfig({
  test: { env: { ...serveEnv, NODE_ENV: 'test', LOG_LEVEL: 'silent' } },
});

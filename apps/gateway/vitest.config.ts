import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { defineConfig } from 'vitest/config';

// Tests see the variables of a development run, which `nx sync` keeps in .serve.env.
const serveEnv = parseEnv(readFileSync(new URL('.serve.env', import.meta.url), 'utf8'));

export default defineConfig({
  // As in the bundle: one copy of graphql, and schemas as their texts.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  plugins: [
    {
      name: 'graphql-as-text',
      transform: (text, id) =>
        id.endsWith('.graphql') ? `export default ${JSON.stringify(text)};` : undefined,
    },
  ],
  test: { env: { ...serveEnv, NODE_ENV: 'test', LOG_LEVEL: 'silent' } },
});

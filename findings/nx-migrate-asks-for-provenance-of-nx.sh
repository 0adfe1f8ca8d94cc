#!/usr/bin/env bash
# Nx 23.2.1: `nx migrate PACKAGE`, whatever the package, first downloads the newest nx and checks the provenance of that. A registry that
# leaves attestations out, as many mirrors do, ends it with "No attestation URL found" before the package is looked at.
#   - NX_MIGRATE_USE_LOCAL=true takes the workspace's nx instead, which is enough for packages that are not of Nx
#   - for an update of Nx itself only NX_SKIP_PROVENANCE_CHECK=true helps
# Whoever ships migrations has to tell users of such registries.
# Seen on 2026-11-27. Source: nx/dist/src/utils/provenance.js and nx/dist/src/command-line/migrate/migrate.js.
set -euo pipefail
folder=$(mktemp -d)
trap '[ -z "${server:-}" ] || kill "$server"; rm -rf "$folder"' EXIT
cd "$folder"
export NX_DAEMON=false CI=true

mkdir app
echo '{ "name": "app", "private": true, "devDependencies": { "nx": "23.2.1", "is-number": "6.0.0" } }' >app/package.json
echo '{}' >app/nx.json
(cd app && npm install --silent --no-audit --no-fund --ignore-scripts)
echo "node $(node --version), npm $(npm --version), nx $(node -p "require('./app/node_modules/nx/package.json').version")"

# A registry in front of the configured one that leaves attestations out.
cat >mirror.mjs <<'JS'
import { createServer } from 'node:http';
const upstream = process.argv[2].replace(/\/$/, '');
createServer(async ({ url, headers }, response) => {
  const answer = await fetch(upstream + url, { headers: { accept: headers.accept ?? '*/*' } });
  const body = Buffer.from(await answer.arrayBuffer());
  const isJson = answer.headers.get('content-type')?.includes('json');
  const keep = (key, value) => (key === 'attestations' ? undefined : value);
  response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
  response.end(isJson ? JSON.stringify(JSON.parse(body.toString()), keep) : body);
}).listen(0, '127.0.0.1', function () {
  console.log(this.address().port);
});
JS
node mirror.mjs "$(npm config get registry)" >port &
server=$!
until [ -s port ]; do sleep 0.1; done
echo "registry=http://127.0.0.1:$(cat port)/" >app/.npmrc

failures=0
# expect WHAT done|refused TEXT PACKAGE [VARIABLE...]
expect() {
  local what=$1 wanted=$2 text=$3 package=$4 seen=refused
  shift 4
  cp app/package.json before.json
  if (cd app && env "$@" npx --no -- nx migrate "$package" >../log 2>&1 </dev/null); then seen=done; fi
  mv before.json app/package.json
  echo "$what: $seen"
  if [ "$seen" != "$wanted" ] || ! grep -qF "$text" log; then
    failures=$((failures + 1))
    echo "  expected: $wanted, with: $text"
    cat log
  fi
}
expect 'a package that is not of Nx' refused 'checking the provenance of nx@latest' is-number@7.0.0
expect 'the same with the Nx of the workspace' done 'has run successfully' is-number@7.0.0 NX_MIGRATE_USE_LOCAL=true
expect 'Nx itself with the Nx of the workspace' refused 'checking the provenance of nx@23.3.1' nx@23.3.1 NX_MIGRATE_USE_LOCAL=true
expect 'Nx itself without the check' done 'has run successfully' nx@23.3.1 NX_MIGRATE_USE_LOCAL=true NX_SKIP_PROVENANCE_CHECK=true
[ "$failures" -eq 0 ] || { echo "$failures rows changed"; exit 1; }

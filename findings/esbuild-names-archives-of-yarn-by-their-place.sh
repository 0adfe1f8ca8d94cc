#!/usr/bin/env bash
# esbuild 0.28.2 with Plug'n'Play of Yarn 4.18.1: the same code with the same yarn.lock gives another bundle in another home folder.
# Yarn keeps archives in a cache in the home folder unless told otherwise, and esbuild writes the path of each module, relative to the
# working directory, into comments and names of CommonJS modules: `// ../../home/ada/.yarn/berry/cache/ms-npm-….zip/node_modules/ms/index.js`.
# With node_modules, the bundle is the same everywhere. So a hash over a bundle, such as the key of an image, differs between two
# people, unless these paths are taken out. `enableGlobalCache: false` does it, too, as both bundles here show.
# Seen on 2026-11-28. Source: the defaults of "enableGlobalCache" and "globalFolder" in the reference of .yarnrc.yml of Yarn 4.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

mkdir tools
npm --prefix tools install --silent --no-audit --no-fund @yarnpkg/cli-dist@4.18.1 esbuild@0.28.2
export PATH="$folder/tools/node_modules/.bin:$PATH" CI=true YARN_ENABLE_TELEMETRY=0
[ "$(yarn --version)" = 4.18.1 ]
[ "$(esbuild --version)" = 0.28.2 ]

# bundle NAME HOME GLOBAL: a workspace in the folder NAME/app, with the global folder of Yarn in HOME.
bundle() {
  mkdir -p "$1/app" "$2"
  (
    cd "$1/app"
    export YARN_GLOBAL_FOLDER="$folder/$2/.yarn/berry" YARN_ENABLE_GLOBAL_CACHE=$3
    echo '{ "name": "app", "dependencies": { "ms": "2.1.3" } }' >package.json
    echo 'nodeLinker: pnp' >.yarnrc.yml
    echo "import ms from 'ms'; console.log(ms('1h'));" >main.js
    touch yarn.lock
    yarn install --no-immutable >../../log 2>&1 || { cat ../../log; exit 1; }
    [ ! -e node_modules ]
    esbuild main.js --bundle --platform=node --outfile=out.js --log-level=error
    grep -m 1 '^// ' out.js
    [ "$(node out.js)" = 3600000 ]
  )
}

bundle one ada true
bundle two grace.h true
bundle three ada false
bundle four grace.h false
cmp -s one/app/yarn.lock two/app/yarn.lock
failures=0
if cmp -s one/app/out.js two/app/out.js; then
  echo 'the bundles are equal: expected another one for each home folder'
  failures=1
fi
if ! cmp -s three/app/out.js four/app/out.js; then
  echo 'the bundles of archives in the workspace differ: expected equal ones'
  failures=1
fi
exit "$failures"

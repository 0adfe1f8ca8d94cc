#!/usr/bin/env bash
# @apollo/subgraph 2.14.4: its package.json says MIT, and so do lists of licences that look at direct dependencies. It needs
# @apollo/federation-internals 2.14.4, whose licence is Elastic-2.0, and of a bundle that only has buildSubgraphSchema, more
# than half comes from there, and over nine tenths of what is Apollo's in it. Seen on 2026-11-28.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' >package.json
npm install --silent --no-audit --no-fund @apollo/subgraph@2.14.4 graphql@16.15.0 esbuild@0.28.2
echo "export { buildSubgraphSchema } from '@apollo/subgraph'" >main.js
npx esbuild main.js --bundle --platform=node --minify --outfile=bundle.js --metafile=meta.json --log-level=error
node -e '
  const licence = (name) => require(`./node_modules/${name}/package.json`).license;
  const [internals, subgraph] = [licence("@apollo/federation-internals"), licence("@apollo/subgraph")];
  const inputs = Object.entries(require("./meta.json").outputs["bundle.js"].inputs);
  const bytes = (of) => inputs.filter(([path]) => path.includes(of)).reduce((sum, [, { bytesInOutput }]) => sum + bytesInOutput, 0);
  const share = bytes("/federation-internals/") / bytes("");
  const ofApollo = bytes("/federation-internals/") / bytes("/@apollo/");
  console.log(`@apollo/subgraph: ${subgraph}; @apollo/federation-internals: ${internals}, ${Math.round(share * 100)} % of the bundle, ${Math.round(ofApollo * 100)} % of what is of Apollo in it`);
  process.exit(subgraph === "MIT" && internals === "Elastic-2.0" && share > 0.5 && ofApollo > 0.9 ? 0 : 1);
'

import { startNpmRegistry } from './tools/testing/npm-registry.js';
const npm = await startNpmRegistry();
await (await import('node:fs/promises')).writeFile('/tmp/shows/npmrc', npm.npmrc);
console.log('up', npm.version);
setInterval(() => {}, 1000);

import { ensureEngine, formatEngine } from './engine/ensure-engine.js';
import { formatImage } from './images/ensure-image.js';
import { ensureNodeImage } from './images/node/node-image.js';
import { runProgram } from './program.js';
import { ensureRegistry, formatRegistry } from './registry/ensure-registry.js';

void runProgram(async () => {
  console.log(formatEngine(await ensureEngine()));
  console.log(formatImage(await ensureNodeImage()));
  console.log(formatRegistry(await ensureRegistry()));
});

import { ensureEngine } from '../engine/ensure-engine.js';
import { runProgram } from '../program.js';
import { formatImage } from './ensure-image.js';
import { ensureNodeImage } from './node/node-image.js';

void runProgram(async () => {
  await ensureEngine();
  console.log(formatImage(await ensureNodeImage()));
});

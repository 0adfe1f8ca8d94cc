import { ensureEngine } from '../engine/ensure-engine.js';
import { runProgram } from '../program.js';
import { ensureRegistry, formatRegistry } from './ensure-registry.js';

void runProgram(async () => {
  await ensureEngine();
  console.log(formatRegistry(await ensureRegistry()));
});

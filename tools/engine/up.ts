import { runProgram } from '../program.js';
import { ensureEngine, formatEngine } from './ensure-engine.js';

void runProgram(async () => {
  console.log(formatEngine(await ensureEngine()));
});

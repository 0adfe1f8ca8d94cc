import { runProgram } from '../../program.js';
import { ensureNewestEngine, onNewestEngine, removeNewestEngine } from './newest-engine.js';

/**
 * `npm run lab:newest`: the newest engine of Debian, ready for tests. `npm run lab:newest -- npx vitest run --project engine`:
 * a command that finds it instead of this machine's own. `npm run lab:newest -- --down`: takes it away again.
 */
void runProgram(async () => {
  const command = process.argv.slice(2);
  if (command.length === 1 && command[0] === '--down') return removeNewestEngine();
  await ensureNewestEngine();
  process.exitCode = await onNewestEngine(command.length > 0 ? command : ['npm', 'run', 'lab']);
});

import { runProgram } from '../../program.js';
import { ensureNewestEngine, onNewestEngine, removeNewestEngine } from './newest-engine.js';

/**
 * `npm run lab:newest` starts the newest engine of Debian for tests. `npm run lab:newest -- npx vitest run --project
 * engine` runs a command that uses it instead of this machine's own. `npm run lab:newest -- --down` removes it.
 */
void runProgram(async () => {
  const command = process.argv.slice(2);
  if (command.length === 1 && command[0] === '--down') return removeNewestEngine();
  await ensureNewestEngine();
  process.exitCode = await onNewestEngine(command.length > 0 ? command : ['npm', 'run', 'lab']);
});

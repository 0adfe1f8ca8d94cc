import { parseArgs } from 'node:util';
import { LabError, runProgram } from '../program.js';
import { ensureCluster, removeCluster } from './cluster.js';

/** `npm run cluster`: starts a Kubernetes cluster for tests. `npm run cluster -- down`: removes it. */
void runProgram(async () => {
  const { positionals } = parseArgs({ allowPositionals: true });
  const [command = 'up', ...more] = positionals;
  if (more.length > 0 || !['up', 'down'].includes(command)) {
    throw new LabError(`"${positionals.join(' ')}" is not a command: use "up" or "down".`);
  }
  if (command === 'down') return removeCluster();
  const { version, kubeconfig } = await ensureCluster();
  console.log(`cluster   Kubernetes ${version}`);
  console.log(`          export KUBECONFIG=${kubeconfig}`);
});

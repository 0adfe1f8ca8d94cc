import { generateFiles, names, OverwriteStrategy, type Tree } from '@nx/devkit';
import { join } from 'node:path';
import { linkVariable } from '../../platform/link';

/** Creates the consumer's client of a provider, once: `src/clients/users.ts`. */
export function generateClient(tree: Tree, consumerRoot: string, provider: string): void {
  generateFiles(
    tree,
    join(__dirname, 'files'),
    consumerRoot,
    { provider, propertyName: names(provider).propertyName, variable: linkVariable(provider) },
    { overwriteStrategy: OverwriteStrategy.KeepExisting },
  );
}

import { generateFiles, names, OverwriteStrategy, type Tree } from '@nx/devkit';
import { join, posix } from 'node:path';
import { importsBeside } from '../../discovery/same-code';
import { linkVariable } from '../../platform/link';
import type { Service } from '../../platform/platform';
import { sentKeyVariable } from '../../platform/service-key';

/** What a client has to know of whom it calls. */
export interface Provider {
  name: string;
  auth?: 'none' | 'jwt' | NonNullable<Service['auth']>;
}

/** Creates the consumer's client of a provider, once: `src/clients/users.ts`. */
export function generateClient(
  tree: Tree,
  consumerRoot: string,
  { name: provider, auth }: Provider,
): void {
  const variables = [
    linkVariable(provider),
    ...(auth === 'service-keys' ? [sentKeyVariable(provider)] : []),
  ];
  generateFiles(
    tree,
    join(__dirname, 'files/http'),
    consumerRoot,
    {
      provider,
      propertyName: names(provider).propertyName,
      variables,
      keys: variables.map((name) => `'${name}'`).join(' | '),
    },
    { overwriteStrategy: OverwriteStrategy.KeepExisting },
  );
}

/** Whether a consumer is a gateway as we make it, which passes on what it is asked and needs no client for that. */
export function passesCallsOn(tree: Tree, consumerRoot: string): boolean {
  return importsBeside(
    tree.read(posix.join(consumerRoot, 'src/app.ts'), 'utf8') ?? '',
    'provider-routes',
  );
}

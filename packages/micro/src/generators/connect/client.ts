import { generateFiles, names, OverwriteStrategy, type Tree } from '@nx/devkit';
import { join } from 'node:path';
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
    join(__dirname, 'files'),
    consumerRoot,
    {
      provider,
      propertyName: names(provider).propertyName,
      variables,
      parameter: parameterOf(variables),
    },
    { overwriteStrategy: OverwriteStrategy.KeepExisting },
  );
}

/** On as few lines as Prettier, left to itself, would take. */
function parameterOf(variables: readonly string[]): string {
  const keys = variables.map((name) => `'${name}'`);
  const line = `  config: Pick<Config, ${keys.join(' | ')}>,`;
  if (line.length <= 80 || keys.length === 1) return line;
  const union = `    ${keys.join(' | ')}`;
  const lines = union.length <= 80 ? [union] : keys.map((key) => `    | ${key}`);
  return ['  config: Pick<', '    Config,', ...lines, '  >,'].join('\n');
}

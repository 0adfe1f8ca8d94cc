import { posix } from 'node:path';
import type { DerivedFile } from '../platform/derived-file';
import type { Service } from '../platform/platform';
import { callerKeyVariable } from '../platform/service-key';
import { convergeModule } from './derived-module';

const HEADER = '// Kept by `nx sync` from service.yml: the services that may call this one.';

/** `apps/orders/src/callers.ts` */
export function callersModuleFile({ root }: Pick<Service, 'root'>): string {
  return posix.join(root, 'src/callers.ts');
}

/** The module with the keys by which a service knows its callers; wholly ours. */
export function deriveCallersModule(
  service: Service,
  callers: readonly string[],
  current: string | undefined,
): DerivedFile {
  return convergeModule(
    {
      path: callersModuleFile(service),
      text: renderModule(callers),
      variables: callers.map(callerKeyVariable),
      pattern: /^CALLER_[A-Z0-9_]+_KEY$/,
    },
    current,
  );
}

function renderModule(callers: readonly string[]): string {
  if (callers.length === 0) {
    return [
      HEADER,
      'export const callerVariables = {};',
      '',
      'export const callerKeys: (config: object) => Record<string, string> = () => ({});',
      '',
    ].join('\n');
  }
  return [
    HEADER,
    `import { secret, type Config } from '@org/chassis';`,
    `import * as z from 'zod';`,
    '',
    'export const callerVariables = {',
    ...callers.map((name) => `  ${callerKeyVariable(name)}: secret(z.string().min(16)),`),
    '};',
    '',
    'export function callerKeys(config: Config<typeof callerVariables>) {',
    '  return {',
    ...callers.map((name) => `    ${propertyKey(name)}: config.${callerKeyVariable(name)},`),
    '  };',
    '}',
    '',
  ].join('\n');
}

/** Quoted only if it must be. */
function propertyKey(name: string): string {
  return name.includes('-') ? `'${name}'` : name;
}

import { parse } from 'jsonc-parser';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The custom conditions of the root tsconfig, under which libraries of this workspace export their TypeScript sources.
 */
export function sourceConditions(workspaceRoot: string): string[] {
  return readConditions((name) => {
    const file = join(workspaceRoot, name);
    return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  });
}

/** The same with the text of a file of the root, such as one in a generator's tree. */
export function readConditions(read: (name: string) => string | undefined): string[] {
  for (const name of ['tsconfig.base.json', 'tsconfig.json']) {
    const config = parse(read(name) ?? '', [], { allowTrailingComma: true }) as
      { compilerOptions?: { customConditions?: string[] } } | undefined;
    if (config?.compilerOptions?.customConditions) return config.compilerOptions.customConditions;
  }
  return [];
}

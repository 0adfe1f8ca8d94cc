import { parse } from 'jsonc-parser';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The custom conditions of the root tsconfig, under which libraries of this workspace export their TypeScript sources.
 */
export function sourceConditions(workspaceRoot: string): string[] {
  for (const name of ['tsconfig.base.json', 'tsconfig.json']) {
    const file = join(workspaceRoot, name);
    if (!existsSync(file)) continue;
    const config = parse(readFileSync(file, 'utf8'), [], { allowTrailingComma: true }) as
      { compilerOptions?: { customConditions?: string[] } } | undefined;
    if (config?.compilerOptions?.customConditions) return config.compilerOptions.customConditions;
  }
  return [];
}

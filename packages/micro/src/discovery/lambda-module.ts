import { posix } from 'node:path';
import type { DerivedFile } from '../platform/derived-file';
import { LAMBDA_ENTRY } from '../platform/lambda-entry';
import type { Service } from '../platform/platform';
import { convergeModule } from './derived-module';

/** `apps/orders/src/lambda.ts` */
export function lambdaModuleFile({ root }: Pick<Service, 'root'>): string {
  return posix.join(root, LAMBDA_ENTRY);
}

/** The module that Lambda loads instead of `main.ts`; wholly ours. */
export function deriveLambdaModule(
  service: Pick<Service, 'name' | 'root'>,
  current: string | undefined,
): DerivedFile {
  const text = [
    '// Kept by `nx sync` from service.yml: the service as an AWS Lambda function.',
    `import { lambdaHandler } from '@org/chassis/lambda';`,
    `import { createApp } from './app.js';`,
    `import { variables } from './config.js';`,
    '',
    `export const handler = await lambdaHandler('${service.name}', variables, createApp);`,
    '',
  ].join('\n');
  // It has no variables that messages could name.
  return convergeModule(
    { path: lambdaModuleFile(service), text, variables: [], pattern: /(?!)/ },
    current,
  );
}

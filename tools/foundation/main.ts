import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FOUNDATION_FORMATS } from '../../packages/micro/src/ecs/foundation/format.js';
import { exampleFoundation } from '../../packages/micro/src/testing/foundation.js';
import { runProgram, say } from '../program.js';
import { checkStack } from './cdk.js';
import { providePackages } from './packages.js';
import { checkMain, checkPolicies } from './terraform.js';

/** Checks what `micro render --format` prints with the tools that it is for. Nothing calls AWS. */
void runProgram(async () => {
  const packages = await providePackages();
  // Inside, so that programs in it find the packages.
  const folder = await mkdtemp(join(packages, 'run-'));
  try {
    const { cloudformation, cdk, terraform } = FOUNDATION_FORMATS;
    const foundation = exampleFoundation();
    say(await checkStack(folder, cdk(foundation), cloudformation(foundation)));
    say(await checkMain(folder, terraform(foundation)));
    say(await checkPolicies(folder, terraform(foundation), foundation));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

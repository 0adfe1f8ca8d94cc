import type { GeneratorCallback, Tree } from '@nx/devkit';
import { initGenerator } from '../init/generator';

export interface PresetSchema {
  name?: string;
  registry?: string;
}

/** A new workspace is an empty one that `init` ran in. */
export async function presetGenerator(
  tree: Tree,
  { registry }: PresetSchema,
): Promise<GeneratorCallback> {
  return initGenerator(tree, registry === undefined ? {} : { registry });
}

export default presetGenerator;

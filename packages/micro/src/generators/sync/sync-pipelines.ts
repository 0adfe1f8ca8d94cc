import type { Tree } from '@nx/devkit';
import { formatEdited } from '../../compose/document-text';
import { PROVIDERS } from '../../pipeline/pipeline-facts';
import {
  choicesOf,
  derivePipeline,
  environmentsOf,
  pipelineFile,
} from '../../pipeline/pipeline-file';
import type { DerivedFile } from '../../platform/derived-file';
import type { ReadFile } from '../../platform/workspace';
import { readEnvironments, readPipelineFacts } from '../pipeline-facts';

/** The pipelines that are there, for the environments that each deploys to. */
export function derivePipelines(tree: Tree, read: ReadFile): DerivedFile[] {
  return PROVIDERS.flatMap((provider) => {
    const current = read(pipelineFile(provider));
    if (current === undefined) return [];
    const all = readEnvironments(tree);
    const environments = environmentsOf(provider, current).flatMap((name) => all.get(name) ?? []);
    const facts = readPipelineFacts(tree, environments, choicesOf(provider, current));
    return derivePipeline(provider, facts, current, { format: formatEdited });
  });
}

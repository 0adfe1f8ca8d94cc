import type { ExecutorContext } from '@nx/devkit';
import { buildArtifact } from '../../effects/bundle-artifact';
import { formatBytes, formatStep } from '../format';
import { runServiceTask } from '../service-task';

export interface BuildOptions {
  outputPath?: string;
}

/** Bundles a service into its artifact: everything its image needs, and nothing else. */
export default function buildExecutor(options: BuildOptions, context: ExecutorContext) {
  return runServiceTask(context, async ({ workspaceRoot, service, say }) => {
    const outputPath = options.outputPath ?? `dist/${service.root}`;
    const { bytes, externals } = await buildArtifact({
      workspaceRoot,
      projectRoot: service.root,
      build: service.build,
      outputPath,
    });
    say(formatStep(service.name, 'bundled', `${outputPath}  ${formatBytes(bytes)}`));
    for (const [name, { reason }] of externals) {
      say(`  installed in the image instead of bundled: ${name} (${reason})`);
    }
  });
}

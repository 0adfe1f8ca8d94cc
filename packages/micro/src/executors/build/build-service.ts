import { buildArtifact } from '../../effects/bundle-artifact';
import { formatBytes, formatStep } from '../../terminal/step';
import type { ServiceTask } from '../service-task';

/** Options as Nx gives them. */
export interface BuildOptions {
  outputPath?: string;
}

/** Bundles one service into its artifact and says what went into it. */
export async function buildService(
  { workspaceRoot, service, say }: ServiceTask,
  options: BuildOptions,
): Promise<void> {
  const outputPath = options.outputPath ?? `dist/${service.root}`;
  const { bytes, externals, warnings } = await buildArtifact({
    workspaceRoot,
    projectRoot: service.root,
    build: service.build,
    outputPath,
  });
  say(formatStep(service.name, 'bundled', `${outputPath}  ${formatBytes(bytes)}`));
  for (const [name, { reason }] of externals) {
    say(`  installed in the image instead of bundled: ${name} (${reason})`);
  }
  for (const warning of warnings) say(`${service.name}  warning: ${warning}`);
}

import { buildArtifact } from '../../effects/bundle-artifact';
import { writeSbom } from '../../effects/sbom';
import { sbomFile } from '../../image/receipt';
import { formatBytes, formatStep } from '../../terminal/step';
import type { ServiceTask } from '../service-task';

/** Options as Nx gives them. */
export interface BuildOptions {
  outputPath?: string;
}

/** Bundles one service into its artifact, writes its SBOM, and says what is installed beside the bundle. */
export async function buildService(
  { workspaceRoot, service, say }: ServiceTask,
  options: BuildOptions,
): Promise<void> {
  const outputPath = options.outputPath ?? `dist/${service.root}`;
  const artifact = await buildArtifact({
    workspaceRoot,
    projectRoot: service.root,
    build: service.build,
    outputPath,
  });
  await writeSbom(workspaceRoot, sbomFile(service.root), service.name, artifact);
  const { bytes, externals, warnings } = artifact;
  say(formatStep(service.name, 'bundled', `${outputPath}  ${formatBytes(bytes)}`));
  for (const [name, { reason }] of externals) {
    say(`  installed in the image instead of bundled: ${name} (${reason})`);
  }
  for (const warning of warnings) say(`${service.name}  warning: ${warning}`);
}

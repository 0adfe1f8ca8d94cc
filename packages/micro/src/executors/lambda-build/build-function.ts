import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buildArtifact } from '../../effects/bundle-artifact';
import { writeFunctionZip } from '../../effects/function-zip';
import { lambdaFolder, MAX_ZIP_BYTES, ZIP_FILE } from '../../lambda/function';
import { LAMBDA_ENTRY } from '../../platform/lambda-entry';
import { MANIFEST_FILE } from '../../platform/manifest';
import { UserError } from '../../platform/user-error';
import { formatBytes, formatStep } from '../../terminal/step';
import type { ServiceTask } from '../service-task';

/** Options as Nx gives them. */
export interface LambdaBuildOptions {
  outputPath?: string;
}

/**
 * Bundles one service as a Lambda function, and says how large its zip is.
 *
 * @throws {UserError} if it has packages that must be installed: they would be those of this machine.
 */
export async function buildFunction(
  { workspaceRoot, service, say }: ServiceTask,
  options: LambdaBuildOptions,
): Promise<void> {
  const manifest = `${service.root}/${MANIFEST_FILE}`;
  if (!service.lambda) {
    throw new UserError(
      `${manifest} does not say "lambda: true": add it and run "nx sync", or remove ${service.root}/${LAMBDA_ENTRY}`,
    );
  }
  if (!existsSync(join(workspaceRoot, service.root, LAMBDA_ENTRY))) {
    throw new UserError(
      `there is no ${service.root}/${LAMBDA_ENTRY}: run "nx sync"; a service that was not made by our generators exports its own "handler" there`,
    );
  }
  const outputPath = options.outputPath ?? lambdaFolder(service.root);
  const artifact = await buildArtifact({
    workspaceRoot,
    projectRoot: service.root,
    build: { ...service.build, entry: LAMBDA_ENTRY },
    outputPath,
  });
  if (artifact.externals.size > 0) {
    throw new UserError(
      [
        `${service.root} cannot be a zip: it has packages that are installed in the image instead of bundled, for the image's platform`,
        ...[...artifact.externals].map(([name, { reason }]) => `  ${name} (${reason})`),
        '  replace them, or make the function from a container image, as docs/lambda.md shows',
      ].join('\n'),
    );
  }
  const facts = await writeFunctionZip(join(workspaceRoot, outputPath));
  say(
    formatStep(
      service.name,
      'zipped',
      `${outputPath}/${ZIP_FILE}  ${formatBytes(facts.bytes)}  CodeSha256 ${facts.codeSha256}`,
    ),
  );
  for (const warning of artifact.warnings) say(`${service.name}  warning: ${warning}`);
  if (facts.bytes > MAX_ZIP_BYTES) {
    say(
      `${service.name}  warning: a zip above ${formatBytes(MAX_ZIP_BYTES)} must be uploaded to S3 first`,
    );
  }
}

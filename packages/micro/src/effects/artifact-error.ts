import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { MANIFEST_FILE, type Manifest } from '../platform/manifest';
import { UserError } from '../platform/user-error';

/** The code of a service cannot be bundled. The message lists every place. */
export class ArtifactError extends UserError {
  override readonly name = 'ArtifactError';
}

interface BuildMessage {
  text: string;
  location: { file: string; line: number; column: number } | null;
}

interface BuildFailureLike {
  errors: BuildMessage[];
}

export function toArtifactError(projectRoot: string, error: unknown): ArtifactError {
  const failure = error as Partial<BuildFailureLike>;
  if (!Array.isArray(failure.errors)) throw error;
  return new ArtifactError(
    [
      `${projectRoot} could not be bundled:`,
      ...failure.errors.map((error) => `  ${formatMessage(error)}`),
    ].join('\n'),
  );
}

/** `apps/orders/src/main.ts:3:7: …` */
export function formatMessage({ text, location }: BuildMessage): string {
  return location ? `${location.file}:${location.line}:${location.column + 1}: ${text}` : text;
}

/** @throws {ArtifactError} if the entry file is missing: esbuild's own message does not say which setting names it. */
export function requireEntry({
  workspaceRoot,
  projectRoot,
  build: { entry },
}: {
  workspaceRoot: string;
  projectRoot: string;
  build: Manifest['build'];
}): void {
  if (existsSync(join(workspaceRoot, projectRoot, entry))) return;
  throw new ArtifactError(
    `there is no ${projectRoot}/${entry}: "build.entry" in ${projectRoot}/${MANIFEST_FILE} names the file that starts the service (src/main.ts unless set), for example "build: { entry: server.js }"`,
  );
}

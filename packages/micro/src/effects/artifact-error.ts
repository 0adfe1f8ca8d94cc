import { UserError } from '../platform/user-error';

/** A service that could not be bundled; the message has every place. */
export class ArtifactError extends UserError {
  override readonly name = 'ArtifactError';
}

interface BuildFailureLike {
  errors: { text: string; location: { file: string; line: number; column: number } | null }[];
}

/** esbuild's own errors, each with its place. @throws what is no such error. */
export function toArtifactError(projectRoot: string, error: unknown): ArtifactError {
  const failure = error as Partial<BuildFailureLike>;
  if (!Array.isArray(failure.errors)) throw error;
  return new ArtifactError(
    [
      `${projectRoot} could not be bundled:`,
      ...failure.errors.map(({ text, location }) =>
        location
          ? `  ${location.file}:${location.line}:${location.column + 1}: ${text}`
          : `  ${text}`,
      ),
    ].join('\n'),
  );
}

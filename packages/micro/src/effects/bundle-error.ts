import { UserError } from '../platform/user-error';

/** A service that could not be bundled; the message has every place. */
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

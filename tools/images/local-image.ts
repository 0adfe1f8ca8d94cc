import { mustRun, run, succeeded } from '../command.js';

export const STAND_IN_LABEL = 'org.micro.stand-in';

/** An image on the engine. */
export interface LocalImage {
  ref: string;
  /** `sha256:...` */
  id: string;
  /** Whether it was built here because the real one could not be pulled. */
  standIn: boolean;
}

/**
 * The image with a reference, `undefined` if it does not exist on the engine.
 *
 * @throws LabError if the engine does not answer.
 */
export async function readLocalImage(ref: string): Promise<LocalImage | undefined> {
  const outcome = await run('docker', ['image', 'inspect', '--format', '{{json .}}', ref]);
  if (!succeeded(outcome)) {
    await mustRun('docker', ['image', 'ls', '--quiet', ref]);
    return undefined;
  }
  const { Id, Config } = JSON.parse(outcome.stdout) as {
    Id: string;
    Config?: { Labels?: Record<string, string> | null } | null;
  };
  return { ref, id: Id, standIn: Config?.Labels?.[STAND_IN_LABEL] === 'true' };
}

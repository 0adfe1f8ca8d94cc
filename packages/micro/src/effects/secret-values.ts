import type { Secret, SecretSource } from '../platform/secret';
import { UserError } from '../platform/user-error';
import type { Runner } from './process';
import { readSecret } from './read-secret';

/** The part of an environment, of either engine, that is needed to read secrets. */
interface SecretSources {
  file: string;
  services: Readonly<
    Record<string, { secrets: Readonly<Record<string, SecretSource>> } | undefined>
  >;
}

/**
 * Reads every secret of a service in an environment.
 *
 * @throws {UserError} that names each one that cannot be read.
 */
export async function readSecretValues(
  { file, services }: SecretSources,
  service: string,
  context: { workspaceRoot: string; runner: Runner; signal?: AbortSignal },
): Promise<Map<string, Secret>> {
  const values = new Map<string, Secret>();
  const problems: string[] = [];
  for (const [name, source] of Object.entries(services[service]?.secrets ?? {})) {
    try {
      values.set(name, await readSecret(source, context));
    } catch (error) {
      context.signal?.throwIfAborted();
      if (!(error instanceof UserError)) throw error;
      problems.push(`${file}: services.${service}.secrets.${name}: ${error.message}`);
    }
  }
  if (problems.length > 0) throw new UserError(problems.join('\n'));
  return values;
}

import type { z } from 'zod';
import { serviceNameProblem } from './name';
import { PlatformError, type Problem } from './problem';
import { unknownServices } from './unknown-services';
import { checkYaml, type YamlSource } from './yaml-source';

/** What is known beside the file of an environment. */
export interface EnvironmentFacts {
  name: string;
  /** Names that `services` and `links` may hold; any unless given. */
  serviceNames?: readonly string[] | undefined;
  /** What to say of keys that environments of another engine have. */
  elsewhere?: Readonly<Record<string, string>>;
}

/**
 * Checks the source of an environment against the schema of its engine.
 * @throws {PlatformError} with every problem of the file.
 */
export function checkEnvironment<Schema extends z.ZodType>(
  source: YamlSource,
  schema: Schema,
  { name, serviceNames, elsewhere }: EnvironmentFacts,
): z.output<Schema> {
  const { value, problems } = checkYaml(source, schema, elsewhere);
  const all: Problem[] = [...problems];
  const nameProblem = serviceNameProblem(name, "an environment's");
  if (nameProblem) all.push({ file: source.file, message: nameProblem });
  if (serviceNames) all.push(...unknownServices(source, serviceNames));
  if (!value || all.length > 0) throw new PlatformError(all);
  return value;
}

import type { z } from 'zod';
import { nameProblem } from './name';
import { PlatformError, type Problem } from './problem';
import { unknownServices } from './unknown-services';
import { checkYaml, type YamlSource } from './yaml-source';

/** What the check knows beside the file of an environment. */
export interface EnvironmentFacts {
  name: string;
  /** The names that `services` and `links` may contain; any if not given. */
  serviceNames?: readonly string[] | undefined;
  /** The advice for keys that belong to another engine. */
  elsewhere?: Readonly<Record<string, string>>;
}

/**
 * Checks an environment's file against the schema of its engine.
 *
 * @throws {PlatformError} with every problem of the file.
 */
export function checkEnvironment<Schema extends z.ZodType>(
  source: YamlSource,
  schema: Schema,
  { name, serviceNames, elsewhere }: EnvironmentFacts,
): z.output<Schema> {
  const { value, problems } = checkYaml(source, schema, elsewhere);
  const all: Problem[] = [...problems];
  const wrongName = nameProblem(name, "an environment's");
  if (wrongName) all.push({ file: source.file, message: wrongName });
  if (serviceNames) all.push(...unknownServices(source, serviceNames));
  if (!value || all.length > 0) throw new PlatformError(all);
  return value;
}

import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { parseNetworks, parseTrustedProxies } from './trust-proxy.js';

const PORT_RANGE = 'expected a port between 1 and 65535';
const milliseconds = z.coerce
  .number('expected a number of milliseconds')
  .int('expected whole milliseconds')
  .min(0, 'expected 0 or more milliseconds');

/** A string, converted by `parse`, which throws an error that says what is wrong. */
function parsed<T>(parse: (text: string) => T) {
  return z.string().transform((text, context) => {
    try {
      return parse(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
      return z.NEVER;
    }
  });
}

/** The variables of every service. Time limits are in milliseconds. */
export const serviceVariables = {
  NODE_ENV: z
    .enum(['development', 'test', 'production'])
    .default('development')
    .describe('`development` logs readable lines if pino-pretty is installed'),
  HOST: z.string().min(1).default('0.0.0.0').describe('address to listen on'),
  PORT: z.coerce
    .number(PORT_RANGE)
    .int(PORT_RANGE)
    .min(1, PORT_RANGE)
    .max(65535, PORT_RANGE)
    .describe('port to listen on'),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .describe('the lowest level that is logged'),
  SERVICE_VERSION: z
    .string()
    .default('0.0.0')
    .describe('version that is running: in the log, in metrics and traces'),
  STOP_TIMEOUT_MS: milliseconds
    .default(35_000)
    .describe(
      'how long a stop may take until running work is aborted; less than the `stop_grace_period` of Compose',
    ),
  STOP_DELAY_MS: milliseconds
    .default(250)
    .describe(
      'the first part of it, in which new requests are still accepted, until load balancers see `/ready` fail',
    ),
  READY_TIMEOUT_MS: milliseconds
    .default(1000)
    .describe('how long a resource may take to answer the check of `/ready`'),
  TRUST_PROXY: parsed(parseTrustedProxies)
    .optional()
    .describe(
      'proxies in front of the service, whose `x-forwarded-*` is trusted: how many, or their addresses and networks',
    ),
  PROBE_NETWORKS: parsed(parseNetworks)
    .optional()
    .describe(
      'networks besides private ones that may ask `/health`, `/ready` and `/metrics`: `203.0.113.0/24`',
    ),
  METRICS: z.enum(['on', 'off']).default('off').describe('`/metrics` for Prometheus'),
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .url({
      protocol: /^https?$/,
      error: 'expected an http:// or https:// URL, such as http://collector:4318',
    })
    .optional()
    .describe('OTLP/HTTP collector for traces; without it, none are recorded'),
} as const;

/** The variables of every command, which does not listen on a port. */
export const commandVariables = {
  NODE_ENV: serviceVariables.NODE_ENV,
  LOG_LEVEL: serviceVariables.LOG_LEVEL,
  SERVICE_VERSION: serviceVariables.SERVICE_VERSION,
} as const;

export type ServiceVariables = typeof serviceVariables;
export type ServiceConfig = z.output<z.ZodObject<ServiceVariables>>;
export type Config<S extends z.ZodRawShape> = z.output<z.ZodObject<S & ServiceVariables>>;

export interface ConfigProblem {
  variable: string;
  /** Never contains the value, because it may be a secret. */
  message: string;
}

/** All problems of a service's variables. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(
    service: string,
    readonly problems: readonly ConfigProblem[],
  ) {
    super(
      [
        `The configuration of ${service} is not valid:`,
        ...problems.map(({ variable, message }) => `  ${variable}: ${message}`),
      ].join('\n'),
    );
  }
}

/** Marks a variable as a secret, for `formatVariables`. */
export function secret<T extends z.ZodType>(schema: T): T {
  return schema.meta({ ...schema.meta(), secret: true });
}

/**
 * Reads the variables of a service, together with `serviceVariables`. `X_FILE` names a file with the value of `X`, as
 * containers get secrets. An empty variable counts as not set.
 *
 * @throws {ConfigError} with all problems together.
 */
export function readConfig<S extends z.ZodRawShape>(
  service: string,
  variables: S,
  env: NodeJS.ProcessEnv,
): Config<S> {
  return readVariables(service, { ...serviceVariables, ...variables }, env);
}

/** Reads the given variables only, without those of every service. @throws {ConfigError} with all problems together. */
export function readVariables<S extends z.ZodRawShape>(
  service: string,
  shape: S,
  env: NodeJS.ProcessEnv,
): z.output<z.ZodObject<S>> {
  const problems: ConfigProblem[] = [];
  const values: Record<string, string> = {};
  for (const variable of Object.keys(shape)) {
    try {
      const value = readVariable(variable, shape, env);
      if (value !== undefined) values[variable] = value;
    } catch (error) {
      problems.push({ variable, message: (error as Error).message });
    }
  }
  const unreadable = new Set(problems.map(({ variable }) => variable));
  const result = z.object(shape).safeParse(values);
  for (const { path, message } of result.error?.issues ?? []) {
    const variable = String(path[0]);
    if (unreadable.has(variable)) continue;
    problems.push({ variable, message: variable in values ? message : 'not set' });
  }
  if (!result.success || problems.length > 0) throw new ConfigError(service, problems);
  return result.data;
}

function readVariable(
  variable: string,
  shape: z.ZodRawShape,
  env: NodeJS.ProcessEnv,
): string | undefined {
  const value = env[variable] || undefined;
  const fileVariable = `${variable}_FILE`;
  // A service may have its own variable with a name that ends in _FILE.
  const file = fileVariable in shape ? undefined : env[fileVariable] || undefined;
  if (file === undefined) return value;
  if (value !== undefined) {
    throw new Error(`set, and ${fileVariable} too: set only one of them`);
  }
  // A file with a secret usually ends with a line break that is not part of the secret.
  return readSecretFile(fileVariable, file).replace(/\r?\n$/, '') || undefined;
}

function readSecretFile(fileVariable: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : (code ?? message);
    throw new Error(`${fileVariable} names ${file}: ${reason}`, { cause: error });
  }
}

/** A Markdown table of variables: name, default, description (`.describe()`), and whether it is a `secret()`. */
export function formatVariables(variables: z.ZodRawShape): string {
  const rows = Object.entries(variables).map(([variable, schema]) => {
    const { fallback, description, isSecret } = readFacts(schema);
    return [`\`${variable}\``, fallback, description, isSecret ? 'secret' : ''];
  });
  return [['variable', 'default', 'what it is', 'secret'], ['---', '---', '---', '---'], ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');
}

interface VariableFacts {
  fallback: string;
  description: string;
  isSecret: boolean;
}

/** Looks inside optional, default and similar schemas, because the description may be on any of them. */
function readFacts(schema: z.core.$ZodType): VariableFacts {
  const { type, innerType, defaultValue, in: input } = schema._zod.def as WrapperDef;
  const inner = innerType ?? (type === 'pipe' ? input : undefined);
  const within = inner
    ? readFacts(inner)
    : { fallback: 'required', description: '', isSecret: false };
  const meta = z.globalRegistry.get(schema);
  return {
    fallback: fallbackOf(type, defaultValue) ?? within.fallback,
    description: meta?.description ?? within.description,
    isSecret: meta?.secret === true || within.isSecret,
  };
}

interface WrapperDef {
  type: string;
  innerType?: z.core.$ZodType;
  in?: z.core.$ZodType;
  defaultValue?: unknown;
}

function fallbackOf(type: string, defaultValue: unknown): string | undefined {
  if (type === 'optional') return 'optional';
  if (type !== 'default' && type !== 'prefault') return undefined;
  return `\`${typeof defaultValue === 'string' ? defaultValue : JSON.stringify(defaultValue)}\``;
}

import * as z from 'zod';
import { links } from './links.js';

const port = 'expected a port between 1 and 65535';

export const configSchema = z.object({
  NODE_ENV: z.enum(['development', 'test', 'production']).default('development'),
  HOST: z.string().min(1).default('0.0.0.0'),
  PORT: z.coerce.number(port).int(port).min(1, port).max(65535, port),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  ...links,
});

export type Config = z.infer<typeof configSchema>;

/** The configuration, or every problem on stderr and exit code 1. */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const result = configSchema.safeParse(env);
  if (result.success) return result.data;
  // Values stay out of the message: they may be secrets.
  const problems = result.error.issues.map(({ path, message }) => {
    const name = path.join('.');
    return `  ${name}: ${env[name] === undefined ? 'not set' : message}`;
  });
  console.error(['The configuration of gateway is not valid:', ...problems].join('\n'));
  process.exit(1);
}

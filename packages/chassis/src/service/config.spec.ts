import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { ConfigError, formatVariables, readConfig, secret, serviceVariables } from './config.js';

const PORT = { PORT: '3001' };

function problemsOf(variables: z.ZodRawShape, env: NodeJS.ProcessEnv): string[] {
  try {
    readConfig('orders', variables, env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ variable, message }) => `${variable}: ${message}`);
  }
  throw new Error('the configuration is valid');
}

describe('readConfig', () => {
  it('uses defaults', () => {
    expect(readConfig('orders', {}, PORT)).toEqual({
      NODE_ENV: 'development',
      HOST: '0.0.0.0',
      PORT: 3001,
      LOG_LEVEL: 'info',
      SERVICE_VERSION: '0.0.0',
      STOP_TIMEOUT_MS: 35_000,
      STOP_DELAY_MS: 250,
      READY_TIMEOUT_MS: 1000,
      METRICS: 'off',
    });
  });

  it('types the variables of a service', () => {
    const config = readConfig('orders', { LIMIT: z.coerce.number() }, { ...PORT, LIMIT: '5' });
    const limit: number = config.LIMIT;
    expect(limit).toBe(5);
  });

  it('reports all problems together', () => {
    const variables = { DATABASE_URL: z.url(), LIMIT: z.coerce.number('expected a number') };
    const env = { PORT: 'http', LIMIT: 'many', METRICS: 'yes' };
    expect(problemsOf(variables, env)).toEqual([
      'PORT: expected a port between 1 and 65535',
      'METRICS: Invalid option: expected one of "on"|"off"',
      'DATABASE_URL: not set',
      'LIMIT: expected a number',
    ]);
  });

  it('names the service', () => {
    expect(() => readConfig('orders', {}, {})).toThrow(
      'The configuration of orders is not valid:\n  PORT: not set',
    );
  });

  it.each(['0', '65536', '1.5', 'abc', '-1'])('refuses port %s', (port) => {
    expect(problemsOf({}, { PORT: port })).toEqual(['PORT: expected a port between 1 and 65535']);
  });

  it('treats an empty variable as not set', () => {
    expect(readConfig('orders', {}, { ...PORT, LOG_LEVEL: '' }).LOG_LEVEL).toBe('info');
    expect(problemsOf({}, { PORT: '' })).toEqual(['PORT: not set']);
  });

  it.each([
    z.url(),
    z.string().min(20),
    z.string().regex(/^x/),
    z.enum(['a', 'b']),
    z.literal('a'),
    z.coerce.number(),
    z.uuid(),
    z.string().transform((_value, context) => {
      context.addIssue('not usable');
      return z.NEVER;
    }),
  ])('never shows a value, case %#', (schema) => {
    const [problem] = problemsOf({ SECRET: schema }, { ...PORT, SECRET: 'hunter2' });
    expect(problem).toMatch(/^SECRET: ./);
    expect(problem).not.toContain('hunter2');
  });
});

describe('a variable in a file', () => {
  const variables = { DATABASE_URL: z.url() };
  let folder: string;
  let file: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'config-'));
    file = join(folder, 'database-url');
    writeFileSync(file, 'postgres://orders\n');
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is read without its final line break', () => {
    const config = readConfig('orders', variables, { ...PORT, DATABASE_URL_FILE: file });
    expect(config.DATABASE_URL).toBe('postgres://orders');
  });

  it('is a problem if the variable is set, too', () => {
    const env = { ...PORT, DATABASE_URL: 'postgres://a', DATABASE_URL_FILE: file };
    expect(problemsOf(variables, env)).toEqual([
      'DATABASE_URL: set, and DATABASE_URL_FILE too: set only one of them',
    ]);
  });

  it('is a problem with its path if the file does not exist', () => {
    const missing = join(folder, 'missing');
    expect(problemsOf(variables, { DATABASE_URL_FILE: missing })).toEqual([
      `DATABASE_URL: DATABASE_URL_FILE names ${missing}: there is no such file`,
      'PORT: not set',
    ]);
  });

  it('is not read if _FILE is empty', () => {
    const env = { ...PORT, DATABASE_URL: 'postgres://a', DATABASE_URL_FILE: '' };
    expect(readConfig('orders', variables, env).DATABASE_URL).toBe('postgres://a');
  });

  it('does not apply to a variable of the service that ends in _FILE', () => {
    const own = { TLS: z.string().optional(), TLS_FILE: z.string() };
    const config = readConfig('orders', own, { ...PORT, TLS_FILE: '/no/such/file' });
    expect(config).toMatchObject({ TLS_FILE: '/no/such/file' });
  });
});

describe('formatVariables', () => {
  it('writes a table row for each', () => {
    const variables = {
      DATABASE_URL: secret(z.url()).describe('where the orders are'),
      CACHE_REDIS_URL: secret(z.url().describe('cache | queue')).optional(),
      LIMIT: z.coerce.number().default(5).describe('orders per page'),
    };
    expect(formatVariables(variables)).toBe(
      [
        '| variable | default | what it is | secret |',
        '| --- | --- | --- | --- |',
        '| `DATABASE_URL` | required | where the orders are | secret |',
        '| `CACHE_REDIS_URL` | optional | cache \\| queue | secret |',
        '| `LIMIT` | `5` | orders per page |  |',
      ].join('\n'),
    );
  });

  it('has a description for each variable of every service', () => {
    const [, , ...rows] = formatVariables(serviceVariables).split('\n');
    for (const row of rows) expect(row.split(' | ')[2]).not.toBe('');
  });
});

it.each(['collector:4318', 'grpc://collector:4317', 'collector'])(
  'refuses the collector %s, which traces would not reach',
  (OTEL_EXPORTER_OTLP_ENDPOINT) => {
    const env = { PORT: '3001', OTEL_EXPORTER_OTLP_ENDPOINT };
    expect(() => readConfig('orders', {}, env)).toThrow(
      'OTEL_EXPORTER_OTLP_ENDPOINT: expected an http:// or https:// URL',
    );
  },
);

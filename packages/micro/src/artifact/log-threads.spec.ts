import { expect, it } from 'vitest';
import { startsLogThreads } from './log-threads';

it.each([
  [`pino({ transport: { target: 'pino-pretty' } })`, true],
  [`const t = pino.transport({ target: 'x' })`, true],
  [`fastify({ logger: { transport: { target: 'x' } } })`, true],
  [`nodemailer.createTransport({ transport: 1 })`, false],
  [`const transport = openTransport(); proxy({ transport })`, false],
])('whether %s starts threads: %s', (code, starts) => {
  expect(startsLogThreads(code)).toBe(starts);
});

import { expect, it } from 'vitest';
import { planNextStep } from './event-outcome.js';
import { InvalidEventError } from './event-wire.js';
import { RejectEventError } from './events.js';

const failed = new Error('no connection');
const invalid = new InvalidEventError('order.placed', 'is not JSON');
const rejected = new RejectEventError('no such order');

it.each([
  [failed, 1, { kind: 'retry', delayMs: 100, attempt: 2 }],
  [failed, 2, { kind: 'retry', delayMs: 500, attempt: 3 }],
  [failed, 3, { kind: 'dead', reason: 'retries exhausted' }],
  [failed, 99, { kind: 'dead', reason: 'retries exhausted' }],
  [undefined, 1, { kind: 'retry', delayMs: 100, attempt: 2 }],
  [invalid, 1, { kind: 'dead', reason: 'invalid' }],
  [rejected, 2, { kind: 'dead', reason: 'rejected' }],
])('after %s in attempt %i', (error, attempt, step) => {
  expect(planNextStep(error, attempt, [100, 500])).toEqual(step);
});

it('is dead after the first attempt if there are no retries', () => {
  expect(planNextStep(failed, 1, [])).toEqual({ kind: 'dead', reason: 'retries exhausted' });
});

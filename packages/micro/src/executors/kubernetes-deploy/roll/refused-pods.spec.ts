import { expect, it } from 'vitest';
import { recordingRunner } from '../../../testing/recording-runner';
import { readRefusal } from './refused-pods';

const JOB = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'migrate-1', uid: 'j1' } };

const event = (reason: string, at: string, more: object = {}) => ({
  ...{ kind: 'Event', metadata: { name: 'e' }, involvedObject: { uid: 'j1' } },
  ...{ reason, message: `${reason} at ${at}`, lastTimestamp: `2026-11-29T12:00:${at}Z`, ...more },
});

const read = (...items: object[]) => {
  const runner = recordingRunner(() => ({ stdout: JSON.stringify({ items }) }));
  return readRefusal({ runner, context: 'far', namespace: 'shop', file: 'f.yml' }, JOB);
};

it('is what the cluster said when it tried last', async () => {
  const [early, late] = [event('FailedCreate', '01'), event('FailedCreate', '09')];
  const at = Date.parse('2026-11-29T12:00:09Z');
  expect(await read(early, late)).toEqual({ message: 'FailedCreate at 09', at });
  expect(await read(late, early)).toEqual({ message: 'FailedCreate at 09', at });
});

it('is nothing if a pod was made since, or if it was about another object of that name', async () => {
  expect(await read()).toBeUndefined();
  expect(await read(event('SuccessfulCreate', '10'), event('FailedCreate', '09'))).toBeUndefined();
  const before = event('FailedCreate', '09', { involvedObject: { uid: 'j0' } });
  expect(await read(before)).toBeUndefined();
});

it('has the time of an event of the newer API, too', async () => {
  const newer = event('FailedCreate', '09', {
    ...{ lastTimestamp: null, eventTime: '2026-11-29T12:00:09.123456Z' },
  });
  expect(await read(newer)).toMatchObject({ at: Date.parse('2026-11-29T12:00:09.123Z') });
});

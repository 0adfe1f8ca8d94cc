import { expect, it } from 'vitest';
import type { Outcome, Runner } from './process';
import { fakeClock } from '../testing/service-task';
import {
  Interrupted,
  interruptibleClock,
  interruptibleRunner,
  listenForInterruption,
  stubbornRunner,
  type Interruption,
} from './interruption';

const command = { file: 'docker', args: ['container', 'rm', 'a'] };
const outcome = (some: Partial<Outcome> = {}): Outcome => ({
  exitCode: 0,
  stdout: '',
  stderr: '',
  ...some,
});

/** A runner that gives these answers one after the other. */
function answering(...answers: Outcome[]): Runner & { asked: number } {
  const runner = {
    asked: 0,
    run: () => Promise.resolve(answers[Math.min(runner.asked++, answers.length - 1)]!),
  };
  return runner;
}

function interruption(): Interruption {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    trigger: (why) => controller.abort(new Interrupted(why)),
    dispose: () => undefined,
  };
}

it('starts no command after the deploy was interrupted', async () => {
  const own = interruption();
  const runner = answering(outcome());
  own.trigger('the deploy was ended by SIGTERM');
  await expect(interruptibleRunner(runner, own).run(command)).rejects.toThrow('ended by SIGTERM');
  expect(runner.asked).toBe(0);
});

it.each([outcome({ exitCode: 130 }), outcome({ exitCode: 1, stderr: 'ended by SIGTERM' })])(
  'treats a command that was ended (%j) as an interruption of the deploy',
  async (ended) => {
    const own = interruption();
    await expect(interruptibleRunner(answering(ended), own).run(command)).rejects.toThrow(
      Interrupted,
    );
    expect(own.signal.aborted).toBe(true);
  },
);

it('leaves a command that failed by itself to the caller', async () => {
  const failed = outcome({ exitCode: 1, stderr: 'no' });
  expect(await interruptibleRunner(answering(failed), interruption()).run(command)).toBe(failed);
});

it('ends a sleep when the deploy is interrupted', async () => {
  const own = interruption();
  const clock = interruptibleClock(
    { now: () => 0, sleep: () => new Promise<void>(() => undefined) },
    own,
  );
  const sleeping = clock.sleep(60_000);
  own.trigger('enough');
  await expect(sleeping).rejects.toThrow('enough');
  await expect(clock.sleep(1)).rejects.toThrow('enough');
  await expect(interruptibleClock(fakeClock(), interruption()).sleep(1)).resolves.toBeUndefined();
});

it('completes the undo even if signals arrive', async () => {
  const runner = answering(outcome({ exitCode: 143 }), outcome({ stdout: 'a' }));
  expect(await stubbornRunner(runner).run(command)).toMatchObject({ exitCode: 0, stdout: 'a' });
  const done = answering(
    outcome({ exitCode: 130 }),
    outcome({ exitCode: 1, stderr: 'Error response from daemon: No such container: a' }),
  );
  expect(await stubbornRunner(done).run(command)).toMatchObject({ exitCode: 0 });
  const never = answering(outcome({ exitCode: 143 }));
  expect(await stubbornRunner(never).run(command)).toMatchObject({ exitCode: 143 });
  expect(never.asked).toBe(3);
});

it('stops listening when it is told to', () => {
  const before = process.listenerCount('SIGTERM');
  const own = listenForInterruption();
  expect(process.listenerCount('SIGTERM')).toBe(before + 1);
  process.emit('SIGTERM', 'SIGTERM');
  expect(own.signal.reason).toMatchObject({ message: 'the deploy was ended by SIGTERM' });
  own.dispose();
  expect(process.listenerCount('SIGTERM')).toBe(before);
});

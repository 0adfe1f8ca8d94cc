/** Where tasks of a batch wait for each other, so that what they do in common is done once. */
export interface Meeting<Value, Result> {
  /** Resolves or rejects as those who hold the meeting decide for this task. */
  join(value: Value): Promise<Result>;
  /** Says that a task has nothing to bring. */
  pass(): void;
}

/** What a task brought, and how it is answered. */
export type Guest<Value, Result> = Value & {
  resolve: (result: Result) => void;
  reject: (error: unknown) => void;
};

/**
 * @param expected how many tasks either join or pass.
 * @param hold is called once, when the last of them did.
 */
export function openMeeting<Value extends object, Result>(
  expected: number,
  hold: (guests: readonly Guest<Value, Result>[]) => void,
): Meeting<Value, Result> {
  const guests: Guest<Value, Result>[] = [];
  let open = expected;
  const heard = () => {
    open--;
    if (open === 0) hold(guests);
  };
  return {
    join: (value) =>
      new Promise((resolve, reject) => {
        guests.push({ ...value, resolve, reject });
        heard();
      }),
    pass: heard,
  };
}

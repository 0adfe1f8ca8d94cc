/** Lets the tasks of a batch wait for each other, so that what they share is done once for all of them. */
export interface Barrier<Value, Result> {
  /** Hands in this task's value; settles with what `run` decides for it. */
  join(value: Value): Promise<Result>;
  /** Says that this task will not join. */
  pass(): void;
}

/** The value of a task that joined, with the means to answer it. */
export type Joined<Value, Result> = Value & {
  resolve: (result: Result) => void;
  reject: (error: unknown) => void;
};

/**
 * @param expected how many tasks either join or pass.
 * @param run is called once, after the last of them did.
 */
export function openBarrier<Value extends object, Result>(
  expected: number,
  run: (joined: readonly Joined<Value, Result>[]) => void,
): Barrier<Value, Result> {
  const joined: Joined<Value, Result>[] = [];
  let open = expected;
  const arrive = () => {
    open--;
    if (open === 0) run(joined);
  };
  return {
    join: (value) =>
      new Promise((resolve, reject) => {
        joined.push({ ...value, resolve, reject });
        arrive();
      }),
    pass: arrive,
  };
}

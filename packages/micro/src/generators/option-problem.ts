/** What is wrong with an option, and which: `['consumes', 0]`; of the thing itself where it is empty. */
export interface OptionProblem {
  path: readonly (string | number)[];
  message: string;
}

/** A problem where there is a message. */
export function about(
  path: OptionProblem['path'],
  message: string | undefined,
): OptionProblem | undefined {
  return message === undefined ? undefined : { path, message };
}

/** What is wrong with an option, and which one: `['consumes', 0]`; empty if the problem is about the whole. */
export interface OptionProblem {
  path: readonly (string | number)[];
  message: string;
}

/** A problem, if there is a message. */
export function about(
  path: OptionProblem['path'],
  message: string | undefined,
): OptionProblem | undefined {
  return message === undefined ? undefined : { path, message };
}

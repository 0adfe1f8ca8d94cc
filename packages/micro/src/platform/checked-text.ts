import { z } from 'zod';

/**
 * A text with a rule of its own.
 *
 * @param problemOf what is wrong with a text, and what to write instead; `undefined` if it is valid.
 * @param pattern the same for editors, as far as a pattern can tell.
 */
export function checkedText(problemOf: (text: string) => string | undefined, pattern?: RegExp) {
  const schema = z.string().superRefine((text, context) => {
    const problem = problemOf(text);
    if (problem) context.addIssue({ code: 'custom', message: problem });
  });
  return pattern ? schema.meta({ pattern: pattern.source }) : schema;
}

/** One line of the doctor's list. */
export interface Check {
  level: 'ok' | 'warn' | 'fail';
  what: string;
  /** What was found. */
  says: string;
  /** What to do, if anything. */
  advice?: string;
}

/** Something that a person wrote and a deploy refuses, with its file and line. */
export function checkWritten(what: string, says: string): Check {
  const advice = 'correct it: a deploy ends before it changes anything';
  return { level: 'fail', what, says, advice };
}

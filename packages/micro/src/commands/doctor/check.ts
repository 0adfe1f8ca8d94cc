/** One line of the doctor's list. */
export interface Check {
  level: 'ok' | 'warn' | 'fail';
  what: string;
  /** What was found. */
  says: string;
  /** What to do, where something is to be done. */
  advice?: string;
}

/** Whether a task only says what it would do. `nx release` gives the last step an option, and those before it a variable. */
export function isDryRun(option?: boolean): boolean {
  return option === true || process.env['NX_DRY_RUN'] === 'true';
}

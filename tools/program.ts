/** An error that a person can solve: its message is printed without a stack. */
export class LabError extends Error {
  override name = 'LabError';
}

/** Progress and warnings go to stderr; stdout has only the result lines. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Catches the errors of an entry point. A failure sets exit code 1. Errors that are not ours keep their stack. */
export async function runProgram(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    say(error instanceof LabError ? error.message : String((error as Error)?.stack ?? error));
    process.exitCode = 1;
  }
}

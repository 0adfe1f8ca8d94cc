/** Something a person can do something about: its message is printed without a stack. */
export class LabError extends Error {
  override name = 'LabError';
}

/** Progress and warnings go to stderr; stdout carries only the result lines. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** The one catcher of an entry point. A failure sets exit code 1; errors that are not ours keep their stack. */
export async function runProgram(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    say(error instanceof LabError ? error.message : String((error as Error)?.stack ?? error));
    process.exitCode = 1;
  }
}

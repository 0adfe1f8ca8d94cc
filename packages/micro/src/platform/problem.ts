import { UserError } from './user-error';

/** One problem in a file that a person wrote: what is wrong, where, and what to do. */
export interface Problem {
  /** Path relative to the workspace root, with forward slashes. */
  file: string;
  /** 1-based; absent if the problem is about the whole file. */
  line?: number;
  /** What is wrong and what to do, one sentence, no trailing full stop. */
  message: string;
}

/** `apps/orders/service.yml:3: port 3001 is already used by "billing"` */
export function formatProblem({ file, line, message }: Problem): string {
  return line === undefined ? `${file}: ${message}` : `${file}:${line}: ${message}`;
}

/** All problems of one reading of the workspace. Thrown once, at the edge of the program. */
export class PlatformError extends UserError {
  override readonly name = 'PlatformError';

  constructor(readonly problems: readonly Problem[]) {
    super(
      problems.length === 1
        ? formatProblem(problems[0]!)
        : [
            `${problems.length} problems in the platform's files:`,
            ...problems.map((p) => `  ${formatProblem(p)}`),
          ].join('\n'),
    );
  }
}

/** Runs every step, then throws the problems of all steps together. */
export function allOrProblems<Value>(steps: readonly (() => readonly Value[])[]): Value[] {
  const values: Value[] = [];
  const problems: Problem[] = [];
  for (const step of steps) {
    try {
      values.push(...step());
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length > 0) throw new PlatformError(problems);
  return values;
}

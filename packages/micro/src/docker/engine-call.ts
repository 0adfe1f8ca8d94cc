import type { EngineAddress, Outcome } from './command';

/** One request of the Docker Engine API; the path is without the version. */
export interface EngineRequest {
  method: 'GET' | 'POST' | 'DELETE';
  path: string;
  body?: unknown;
}

/** The engine's answer to a request. */
export interface EngineAnswer {
  status: number;
  body: string;
}

/** A docker command as requests to the engine. */
export interface EngineCall {
  address: EngineAddress;
  requests: readonly EngineRequest[];
  /** Whether each request waits for the one before it. */
  inOrder: boolean;
  /** How the command would end; `undefined` if only the command itself can tell. */
  print: (answers: readonly EngineAnswer[]) => Outcome | undefined;
}

/** A call, except to which engine. */
export type CallParts = Omit<EngineCall, 'address'>;

/** Questions about things by name; those that are not there are named, and the others printed. */
export function questions(
  paths: readonly string[],
  print: (found: readonly string[]) => string,
  nothing = '\n',
): CallParts {
  return {
    requests: paths.map((path) => ({ method: 'GET', path })),
    inOrder: false,
    print: (answers) => {
      const found = answers.filter(isGood).map(({ body }) => body.trim());
      const stderr = lines(answers.filter((one) => !isGood(one)).map(complaintOf));
      const stdout = found.length > 0 ? print(found) : nothing;
      return { exitCode: stderr === '' ? 0 : 1, stdout, stderr };
    },
  };
}

/** Commands to the engine, each of which prints what it was about. */
export function commands(
  requests: readonly EngineRequest[],
  printed: readonly string[],
  lastWords?: (failed: readonly string[]) => string,
): CallParts {
  return {
    requests,
    inOrder: true,
    print: (answers) => {
      const bad = answers.filter((one) => !isGood(one));
      const failed = printed.filter((_, index) => !isGood(answers[index]!));
      const last = lastWords && failed.length > 0 ? [lastWords(failed)] : [];
      return {
        exitCode: bad.length === 0 ? 0 : 1,
        stdout: lines(printed.filter((one) => !failed.includes(one))),
        stderr: lines([...bad.map(complaintOf), ...last]),
      };
    },
  };
}

/** One question, whose answer `print` shows. */
export function list(path: string, print: (body: string) => string | undefined): CallParts {
  return {
    requests: [{ method: 'GET', path }],
    inOrder: true,
    print: ([answer]) => {
      if (!isGood(answer!))
        return { exitCode: 1, stdout: '', stderr: lines([complaintOf(answer!)]) };
      const stdout = print(answer!.body);
      return stdout === undefined ? undefined : { exitCode: 0, stdout, stderr: '' };
    },
  };
}

/** The client's words for what the engine answered. */
function complaintOf({ body, status }: EngineAnswer): string {
  let message = body.trim();
  try {
    message = (JSON.parse(body) as { message: string }).message;
  } catch {
    // Not JSON: a proxy may answer in the engine's place.
  }
  return `Error response from daemon: ${message || `status ${status}`}`;
}

/** Starting what runs and stopping what does not is answered with "not modified". */
export function isGood({ status }: EngineAnswer): boolean {
  return (status >= 200 && status < 300) || status === 304;
}

/** A line for each text. */
export function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}

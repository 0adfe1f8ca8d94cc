/** A program with its arguments, kept as an array until the operating system takes it. */
export interface Command {
  file: string;
  args: readonly string[];
  /** Variables beside those of this process; values are never printed. */
  env?: Readonly<Record<string, string>>;
  /** Written to the program's standard input and never printed. */
  stdin?: string | Uint8Array;
}

/** How a command ended. */
export interface Outcome {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** Which engine a docker command talks to; neither means the client's current one. */
export interface EngineAddress {
  context?: string;
  host?: string;
}

/** `docker [--context NAME | --host URL] ARGS…` */
export function docker(args: readonly string[], { context, host }: EngineAddress = {}): Command {
  return {
    file: 'docker',
    args: [
      ...(context === undefined ? [] : ['--context', context]),
      ...(host === undefined ? [] : ['--host', host]),
      ...args,
    ],
  };
}

/** Which engine the arguments of a docker command name, and what is left of them. */
export function splitAddress(args: readonly string[]): {
  address: EngineAddress;
  rest: readonly string[];
} {
  if (args[0] === '--context') return { address: { context: args[1]! }, rest: args.slice(2) };
  if (args[0] === '--host') return { address: { host: args[1]! }, rest: args.slice(2) };
  return { address: {}, rest: args };
}

/** The command as a person would type it, for logs: arguments are quoted, variables left out. */
export function formatCommand({ file, args }: Command): string {
  return [file, ...args.map(quote)].join(' ');
}

function quote(argument: string): string {
  return /^[\w@%+=:,./{}-]+$/.test(argument) ? argument : `'${argument.replace(/'/g, `'\\''`)}'`;
}

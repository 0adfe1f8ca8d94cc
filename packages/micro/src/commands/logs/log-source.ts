import type { Command, Outcome } from '../../docker/command';

/** A container that writes lines. */
export interface LoggedContainer {
  id: string;
  /** As people see it: of a container, or of its pod. */
  name: string;
  service: string;
  isRunning: boolean;
}

/** Which lines of a container are read; from its first on without `since`. */
export interface LogRange {
  /** A Go duration, or a time; as a person gave it, or that of a line. */
  since: string | undefined;
  follow?: boolean;
}

/** Where containers are found and read: on an engine, or on a cluster. */
export interface LogSource {
  /** Milliseconds between two looks for containers that were made meanwhile. */
  lookAgain: number;
  /** How many are read at the same time, unless they are followed. */
  atOnce: number;
  list: () => Promise<LoggedContainer[]>;
  command: (container: LoggedContainer, range: LogRange) => Command;
  /** Whether a complaint only says that the container wrote nothing, or is not there any more. */
  isHarmless: (complaint: string) => boolean;
  toError: (container: LoggedContainer, outcome: Outcome) => Error;
}

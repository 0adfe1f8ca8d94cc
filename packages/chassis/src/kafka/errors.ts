import { formatReason } from '../errors/errors.js';

export const UNKNOWN_TOPIC = 'UNKNOWN_TOPIC_OR_PARTITION';

interface KafkaError extends Error {
  readonly errors?: readonly KafkaError[];
  /** The server's name for it. */
  readonly apiId?: string;
  readonly code?: string;
}

/** The client wraps the error that says something in others that only say that something failed. */
export function rootCause(error: unknown): unknown {
  let root = error;
  for (;;) {
    const { errors, cause } = (root ?? {}) as KafkaError;
    const next = errors?.at(-1) ?? cause;
    if (next === undefined) return root;
    root = next;
  }
}

export function reasonOf(error: unknown): string {
  return formatReason(rootCause(error));
}

/** What the server answered, such as `TOPIC_ALREADY_EXISTS`; nothing if it did not answer. */
export function answersIn(error: unknown): ReadonlySet<string> {
  const found = new Set<string>();
  const look = (one: unknown): void => {
    if (!(one instanceof Error)) return;
    const { apiId, code, message, errors, cause } = one as KafkaError;
    if (apiId !== undefined) found.add(apiId);
    // The client leaves out the server's answer here.
    if (code === 'PLT_KFK_USER' && message.startsWith('Unknown topic ')) found.add(UNKNOWN_TOPIC);
    errors?.forEach(look);
    look(cause);
  };
  look(error);
  return found;
}

export function isAnswer(error: unknown, ...ids: string[]): boolean {
  const answers = answersIn(error);
  return ids.some((id) => answers.has(id));
}

/** No server has taken over what it is asked for yet. */
export const NOT_YET = [
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_OR_FOLLOWER',
  UNKNOWN_TOPIC,
  'UNKNOWN_TOPIC_ID',
];

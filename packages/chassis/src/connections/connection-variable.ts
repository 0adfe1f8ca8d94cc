import * as z from 'zod';
import { connectionUrlProblem, type ConnectionKind } from './connection-url.js';

/**
 * A variable with the URL of a datastore or broker, as its resource accepts it: several hosts for MongoDB, `mariadb://`
 * for MySQL. Messages never contain the URL.
 */
export function connectionUrl(kind: ConnectionKind): z.ZodString {
  return z.string().check((context) => {
    const problem = connectionUrlProblem(kind, context.value);
    if (problem !== undefined) {
      context.issues.push({ code: 'custom', message: problem, input: undefined, continue: true });
    }
  });
}

import type { Limit } from '../../lambda/limits';
import { formatProblem } from '../../platform/problem';
import type { Check } from './check';

/** What services do otherwise as Lambda functions; nothing is said if no service is one. */
export function checkFunctions(limits: readonly Limit[]): Check[] {
  const advice = 'docs/lambda.md says what differs';
  return limits.map((limit) => ({
    level: limit.works === 'never' ? 'fail' : 'warn',
    what: 'lambda',
    says: formatProblem(limit),
    advice: limit.works === 'never' ? 'remove "lambda: true"' : advice,
  }));
}

import { z } from 'zod';
import { address } from './environment-keys';
import { seconds } from './time';

/** When the error rate of a canary is too high, and who knows it. */
export const analysisSchema = z.strictObject({
  prometheus: address('Prometheus', 'http://prometheus.monitoring.svc:9090').describe(
    'The address of a Prometheus that scrapes the pods. A host such as prometheus.monitoring.svc is a Service of the cluster, which is asked through the API server',
  ),
  duration: seconds
    .default(300)
    .describe('How long a canary is watched; --promote looks back as long'),
  maxErrorIncrease: z
    .number()
    .min(0)
    .max(100)
    .default(1)
    .describe(
      'How many percentage points more of its requests may end with 5xx than of the version that serves',
    ),
  minRequests: z
    .int()
    .min(1)
    .default(50)
    .describe('With fewer requests than these, a canary is not judged to be good'),
});

export type CanaryAnalysis = z.output<typeof analysisSchema>;

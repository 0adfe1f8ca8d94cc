import { z } from 'zod';

/** Resource limits of a container, in a manifest or for one environment. */
export const resourcesSchema = z.strictObject({
  cpus: z.number().positive().describe('CPUs that the service may use, for example 0.5').optional(),
  memory: z
    .string()
    .regex(/^\d+[KMG]$/, 'give a whole number with a unit K, M or G, for example 256M')
    .describe('Memory that the service may use, for example 256M')
    .optional(),
});

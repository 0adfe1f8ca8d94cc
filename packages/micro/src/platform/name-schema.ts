import { z } from 'zod';
import { SERVICE_NAME, serviceNameProblem } from './name';

export const serviceName = z
  .string()
  .superRefine((name, context) => {
    const problem = serviceNameProblem(name);
    if (problem) context.addIssue({ code: 'custom', message: problem });
  })
  .meta({ pattern: SERVICE_NAME.source });

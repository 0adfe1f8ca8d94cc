import { z } from 'zod';
import { checkedText } from './checked-text';
import { serviceName } from './name-schema';
import { rateLimitSchema } from './route-limit';
import { reservedPathProblem } from './route-path';
import { callTimeout } from './time';

/** More would rather be a service of its own. */
const MAX_PARTS = 20;

/** Segments as in a route, or values such as `:id`. */
const AGGREGATE_PATH = /^(?:\/(?::[A-Za-z][A-Za-z0-9_]*|[A-Za-z0-9._~-]+))+$/;
const PART_PATH =
  /^\/(?:(?::[A-Za-z][A-Za-z0-9_]*|[A-Za-z0-9._~-]+)(?:\/(?::[A-Za-z][A-Za-z0-9_]*|[A-Za-z0-9._~-]+))*\/?)?(?:\?[A-Za-z0-9._~!$'()*+,;:@/?&=%-]*)?$/;
const DOTS = /\/\.\.?(?:\/|\?|$)/;

function aggregatePathProblem(path: string): string | undefined {
  if (AGGREGATE_PATH.test(path) && !DOTS.test(path)) {
    const names = namesIn(path);
    const twice = names.find((name, index) => names.indexOf(name) < index);
    return twice === undefined
      ? reservedPathProblem(path)
      : `"${path}" has two values called ":${twice}": rename one`;
  }
  return `${JSON.stringify(path)} is not a plain path: write segments of letters, digits, ".", "_", "~" and "-", or values such as ":id"`;
}

const partSchema = z.strictObject({
  service: serviceName.describe('The service that is called; the gateway must consume it'),
  path: z
    .string()
    .refine((path) => PART_PATH.test(path) && !DOTS.test(path), {
      error: ({ input }) =>
        `${JSON.stringify(input)} is not a path: write it as the service itself serves it, such as /orders?limit=5, with values of the aggregate's path such as ":id"`,
    })
    .describe("Path at the service; :id is the value in the aggregate's path"),
  query: z
    .array(z.string().min(1))
    .describe("Parameters of the caller's query that are passed on. Default: none")
    .optional(),
  timeoutMs: callTimeout
    .describe("Timeout of the whole answer, in milliseconds. Default: the aggregate's")
    .optional(),
  required: z
    .boolean()
    .describe('Whether the answer is an error without this part. Default: false')
    .optional(),
});

const partName = z
  .string()
  .refine((name) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && name !== '__proto__', {
    error: ({ input }) =>
      `${JSON.stringify(input)} is not the name of a part: write letters, digits and "_", such as openOrders`,
  });

/** A path that a gateway answers with the answers of several services. */
export const aggregateSchema = z
  .strictObject({
    path: checkedText(aggregatePathProblem, AGGREGATE_PATH).describe(
      'The path, such as /api/me or /api/customers/:id',
    ),
    auth: z.enum(['none']).describe('none: anybody may call it').optional(),
    rateLimit: rateLimitSchema
      .describe('off: calls are not limited; or a limit of its own instead of that of the gateway')
      .optional(),
    timeoutMs: callTimeout
      .describe('Timeout of all parts, in milliseconds. Default: 10 000')
      .optional(),
    maxBytes: z
      .int()
      .min(1)
      .max(16_777_216)
      .describe('A longer answer of a part is an error. Default: 1 048 576')
      .optional(),
    parts: z
      .record(partName, partSchema)
      .superRefine((parts, context) => {
        const count = Object.keys(parts).length;
        if (count > 0 && count <= MAX_PARTS) return;
        const message =
          count === 0 ? 'has no part: name one' : `has ${count} parts: at most ${MAX_PARTS}`;
        context.addIssue({ code: 'custom', message });
      })
      .describe('The calls, by the names that their answers get'),
  })
  .superRefine(({ path, parts }, context) => {
    const known = namesIn(path);
    const used = new Set<string>();
    for (const [name, part] of Object.entries(parts)) {
      for (const value of namesIn(part.path.split('?', 1)[0]!)) {
        used.add(value);
        if (known.includes(value)) continue;
        const message = `":${value}" is not a value of the aggregate's path ${path}`;
        context.addIssue({ code: 'custom', message, path: ['parts', name, 'path'] });
      }
    }
    for (const value of known) {
      if (used.has(value)) continue;
      const message = `":${value}" is used by no part: remove it, or use it in the path of a part`;
      context.addIssue({ code: 'custom', message, path: ['path'] });
    }
  });

export type Aggregate = z.output<typeof aggregateSchema>;

/** `/api/users/:id` -> `id` */
function namesIn(path: string): string[] {
  return path.split('/').flatMap((part) => (part.startsWith(':') ? [part.slice(1)] : []));
}

import { z } from 'zod';

const TIME_SHAPE = 'a time is a number of seconds, or for example 60s or 2m';

/** `60s`, `2m` or a number of seconds, as seconds. */
export const seconds = z
  .union([z.number().positive(TIME_SHAPE), z.string().regex(/^[1-9]\d*[sm]$/, TIME_SHAPE)], {
    error: TIME_SHAPE,
  })
  .transform((time) =>
    typeof time === 'number' ? time : Number.parseInt(time, 10) * (time.endsWith('m') ? 60 : 1),
  );

/** Like {@link seconds}, and 0 is a time. */
export const secondsOrNone = z.union([z.literal(0), seconds], { error: TIME_SHAPE });

/** How long a call may take, in milliseconds. */
export const callTimeout = z.int().min(1).max(3_600_000);

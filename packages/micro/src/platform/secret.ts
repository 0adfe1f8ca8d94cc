import { z } from 'zod';

const SHAPE =
  'a secret is { file: path }, { environment: VARIABLE } or { command: [program, argument, …] }';

/** Where the value of a secret is read from at a deploy. No file of the workspace contains the value itself. */
export const secretSourceSchema = z.union(
  [
    z.strictObject({
      file: z
        .string()
        .min(1)
        .describe('A file, relative to the workspace root, that git does not hold'),
    }),
    z.strictObject({
      environment: z
        .string()
        .min(1)
        .describe('A variable of the process that deploys, for example a secret of the CI'),
    }),
    z.strictObject({
      command: z
        .array(z.string().min(1))
        .min(1)
        .describe('A program and its arguments, run without a shell; what it prints is the value'),
    }),
  ],
  { error: SHAPE },
);

export type SecretSource = z.output<typeof secretSourceSchema>;

/** A value that must stay hidden: printing, logging or serialising it gives `***`. */
export class Secret {
  readonly #value: Buffer;

  constructor(value: string | Buffer) {
    this.#value = Buffer.from(value);
  }

  /** The value, for the one place that passes it on. */
  reveal(): Buffer {
    return this.#value;
  }

  toString(): string {
    return '***';
  }

  toJSON(): string {
    return '***';
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '***';
  }
}

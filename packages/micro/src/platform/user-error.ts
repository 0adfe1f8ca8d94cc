/** An error whose message says all that a person needs; it is shown without its stack. */
export class UserError extends Error {
  override readonly name: string = 'UserError';
}

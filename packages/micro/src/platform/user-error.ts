/** An error with a message that is complete for a person. It is shown without its stack. */
export class UserError extends Error {
  override readonly name: string = 'UserError';
}

/** Input of a command that cannot be used. The message has one line per problem. */
export class InputError extends Error {
  override name = 'InputError';

  constructor(...problems: readonly string[]) {
    super(problems.join('\n'));
  }
}

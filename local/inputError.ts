/** Invalid data that cannot be loaded. The message has one line per problem. */
export class Refusal extends Error {
  override name = 'Refusal';

  constructor(...problems: readonly string[]) {
    super(problems.join('\n'));
  }
}

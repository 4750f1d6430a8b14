/** Data that cannot be loaded. The message has a line for each thing to mend. */
export class Refusal extends Error {
  override name = 'Refusal';

  constructor(...problems: readonly string[]) {
    super(problems.join('\n'));
  }
}

/** A problem that the developer can solve: one sentence, shown without a stack trace. */
export class SetupError extends Error {
  override name = 'SetupError';
}

/** Something a developer can mend: one sentence, shown without a stack. */
export class SetupError extends Error {
  override name = 'SetupError';
}

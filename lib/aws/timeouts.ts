/**
 * How long the SDK's clients wait, in milliseconds. A service that is silent is given up with time left in the function to
 * undo what was done, and one that is merely busy is not: waiting for a free socket counts as connecting. Without the
 * last line the SDK would only write a warning.
 */
export const requestHandler = {
  connectionTimeout: 4_000,
  requestTimeout: 4_000,
  throwOnRequestTimeout: true,
};

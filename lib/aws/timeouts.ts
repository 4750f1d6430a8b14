/**
 * Timeouts of the SDK's clients, in milliseconds. They leave a function time to undo its writes.
 * The wait for a free socket counts as connecting, so a short connection timeout would fail under
 * load. Without `throwOnRequestTimeout`, the SDK would only log a warning.
 */
export const requestHandler = {
  connectionTimeout: 4_000,
  requestTimeout: 4_000,
  throwOnRequestTimeout: true,
};

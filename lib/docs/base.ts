/**
 * Returns the base of the API, without a trailing slash: the called URL or path without its route.
 */
export function findBase(called: string, resource: string): string {
  return called.replace(/\/$/, '').slice(0, -resource.length);
}

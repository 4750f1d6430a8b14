/** What stands before a route in the address, or in the path, that was called: the API's own, without a slash at its end. */
export function findBase(called: string, resource: string): string {
  return called.replace(/\/$/, '').slice(0, -resource.length);
}

/** The address of the API, without a slash at its end: what stands before a route in the address that was called. */
export function baseOf(url: string, resource: string): string {
  return url.replace(/\/$/, '').slice(0, -resource.length);
}

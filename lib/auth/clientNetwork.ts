import ipaddr from 'ipaddr.js';

/** Who is counted as one client: an IPv4 address, or the /64 of an IPv6 one, for a household has a whole /64 to itself. */
export function clientNetwork(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toString()}/64`).toString()}/64`;
}

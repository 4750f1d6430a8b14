import ipaddr from 'ipaddr.js';

/** The network that counts as one client, and the larger one that may belong to the same client. */
export interface ClientNetworks {
  /** IPv4 address, or /64 of an IPv6 address, because a household has a whole /64. */
  network: string;
  /** /48 of an IPv6 address, because a provider may give one household 65,536 networks. */
  site: string | undefined;
}

/**
 * Networks of translators between IPv6 and IPv4 (RFC 6052, RFC 7915). All clients share one /64, so
 * they are told apart by the IPv4 address in the last 32 bits.
 */
const translated = [ipaddr.IPv6.parse('64:ff9b::'), ipaddr.IPv6.parse('::ffff:0:0:0')];

/** Returns the networks of an IP address. An invalid address is a network of its own. */
export function toClientNetworks(address: string): ClientNetworks {
  // A zone id names an interface of one machine, and not another client.
  const [withoutZone = ''] = address.split('%');
  if (!ipaddr.isValid(withoutZone)) return { network: address, site: undefined };
  const parsed = ipaddr.process(withoutZone);
  if (parsed instanceof ipaddr.IPv4) return { network: parsed.toString(), site: undefined };
  if (translated.some((prefix) => parsed.match(prefix, 96))) {
    return { network: ipaddr.fromByteArray(parsed.toByteArray().slice(-4)).toString(), site: undefined };
  }
  return { network: cidr(parsed, 64), site: cidr(parsed, 48) };
}

function cidr(address: ipaddr.IPv6, bits: number): string {
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${address.toString()}/${bits}`).toString()}/${bits}`;
}

/** Returns the site of a network that {@link toClientNetwork} returned. */
export function toSite(network: string): string | undefined {
  const [address = ''] = network.split('/');
  return toClientNetworks(address).site;
}

export function toClientNetwork(address: string): string {
  return toClientNetworks(address).network;
}

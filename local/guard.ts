import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { MiddlewareHandler } from 'hono';

/** Addresses that are of this machine or its own networks, the emulators' 10.0.2.2 among them. */
const own = new BlockList();
for (const [network, prefix] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['169.254.0.0', 16],
  ['100.64.0.0', 10],
] as const)
  own.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of [
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  own.addSubnet(network, prefix, 'ipv6');

/** Returns whether a host is this machine to its own network. A name without a dot cannot be registered by a stranger. */
export function isLocalHost(hostname: string): boolean {
  const address = hostname.replace(/^\[|\]$/g, '');
  const version = isIP(address);
  if (version === 0) return !hostname.includes('.');
  return own.check(address, version === 6 ? 'ipv6' : 'ipv4') || isOfThisMachine(address);
}

function isOfThisMachine(address: string): boolean {
  return Object.values(networkInterfaces()).some((all = []) => all.some((known) => known.address === address));
}

/**
 * Only scripts and the stack's own pages may use it. A site that its developer visits can send requests to it as well, by its
 * address or by a name that the site points at it: the first shows in `Origin`, the second in `Host`.
 */
export const onlyFromHere: MiddlewareHandler = async (context, next) => {
  const { host, origin } = context.req.header();
  const [asked, asking] = [hostname(`http://${host ?? ''}`), origin === undefined ? undefined : hostname(origin)];
  const isOwn = asking === undefined || ['localhost', '127.0.0.1', asked].includes(asking);
  return isLocalHost(asked) && isOwn
    ? next()
    : context.json({ error: 'The local stack is for pages and scripts on this machine and its own network.' }, 403);
};

function hostname(url: string): string {
  return URL.parse(url)?.hostname ?? 'not.one';
}

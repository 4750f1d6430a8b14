import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { MiddlewareHandler } from 'hono';

/**
 * The addresses of this machine and of private networks, which include the Android emulator's
 * 10.0.2.2.
 */
const localAddresses = new BlockList();
for (const [network, prefix] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['169.254.0.0', 16],
  ['100.64.0.0', 10],
] as const)
  localAddresses.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of [
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  localAddresses.addSubnet(network, prefix, 'ipv6');

/**
 * Returns whether a host is this machine or on its network. Names without a dot are local, because
 * strangers cannot register them.
 */
export function isLocalHost(hostname: string): boolean {
  const address = hostname.replace(/^\[|\]$/g, '');
  const version = isIP(address);
  if (version === 0) return !hostname.includes('.');
  return localAddresses.check(address, version === 6 ? 'ipv6' : 'ipv4') || isOfThisMachine(address);
}

function isOfThisMachine(address: string): boolean {
  return Object.values(networkInterfaces()).some((all = []) => all.some((entry) => entry.address === address));
}

/**
 * Allows only scripts and the stack's own pages. Other sites that the developer visits could also
 * send requests here. A request to the address shows the site in `Origin`. A request through a DNS
 * name of the site shows it in `Host`.
 */
export const onlyFromHere: MiddlewareHandler = async (context, next) => {
  const { host, origin } = context.req.header();
  const [calledHost, callingHost] = [
    hostname(`http://${host ?? ''}`),
    origin === undefined ? undefined : hostname(origin),
  ];
  const isOwn = callingHost === undefined || ['localhost', '127.0.0.1', calledHost].includes(callingHost);
  return isLocalHost(calledHost) && isOwn
    ? next()
    : context.json({ error: 'The local stack is for pages and scripts on this machine and its own network.' }, 403);
};

function hostname(url: string): string {
  return URL.parse(url)?.hostname ?? 'not.one';
}

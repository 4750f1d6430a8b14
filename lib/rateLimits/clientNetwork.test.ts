import { toClientNetwork, toClientNetworks } from './clientNetwork.ts';

test.each([
  ['198.51.100.7', '198.51.100.7'],
  ['::ffff:198.51.100.7', '198.51.100.7'],
  ['::FFFF:C633:6407', '198.51.100.7'],
  ['0:0:0:0:0:ffff:c633:6407', '198.51.100.7'],
  ['64:ff9b::198.51.100.7', '198.51.100.7'],
  ['64:FF9B::C633:6407', '198.51.100.7'],
  ['::ffff:0:198.51.100.7', '198.51.100.7'],
])('%s counts as the IPv4 address %s, which has no site', (address, network) => {
  expect(toClientNetworks(address)).toEqual({ network, site: undefined });
});

test.each([
  ['2001:db8:1:2::7', '2001:db8:1:2::/64', '2001:db8:1::/48'],
  ['2001:DB8:1:2:FFFF:FFFF:FFFF:FFFF', '2001:db8:1:2::/64', '2001:db8:1::/48'],
  ['2001:0db8:0001:ffff:0000:0000:0000:0007', '2001:db8:1:ffff::/64', '2001:db8:1::/48'],
  ['2001:db8::1', '2001:db8::/64', '2001:db8::/48'],
  ['2002:c633:6407:2::7', '2002:c633:6407:2::/64', '2002:c633:6407::/48'],
  ['2002:c633:6407:3::7', '2002:c633:6407:3::/64', '2002:c633:6407::/48'],
  ['64:ff9b:0:1::7', '64:ff9b:0:1::/64', '64:ff9b::/48'],
  ['64:ff9b:1:2::198.51.100.7', '64:ff9b:1:2::/64', '64:ff9b:1::/48'],
  ['fe80::1%eth0', 'fe80::/64', 'fe80::/48'],
  ['FE80::2%25en1', 'fe80::/64', 'fe80::/48'],
  ['::1', '::/64', '::/48'],
])('%s counts as the network %s at the site %s', (address, network, site) => {
  expect(toClientNetworks(address)).toEqual({ network, site });
});

test.each(['', 'unknown', '198.51.100.7, 198.51.100.8', '198.51.100.256', '2001:db8::1::2', '2001:db8::/64', '%eth0'])(
  '"%s", which is not an IP address, counts as its own network',
  (address) => {
    expect(toClientNetworks(address)).toEqual({ network: address, site: undefined });
  },
);

test('clientNetwork returns the network of clientNetworks', () => {
  for (const address of ['198.51.100.7', '64:ff9b::c633:6407', '2001:db8:1:2::7', 'unknown']) {
    expect(toClientNetwork(address)).toBe(toClientNetworks(address).network);
  }
});

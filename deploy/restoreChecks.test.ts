import { handler as deleteCustomer } from '../functions/customers/delete.ts';
import { config } from '../lib/config/config.ts';
import { eraseCustomer } from '../lib/privacy/erasure.ts';
import { customerPartition, erasureKey, phoneClaimKey, profileKey } from '../lib/table/keys.ts';
import { signIn } from '../lib/testing/stage/signIn.ts';
import { StoredItems } from '../lib/testing/stage/storedItems.ts';
import { adjustWallet } from '../lib/testing/stage/wallet.ts';
import { useWorld } from '../lib/testing/stage/world.ts';
import { createTable } from '../local/table.ts';
import { checkClaims, checkWallets, replayErasures } from './restoreChecks.ts';

/** The table of this stage is the restored one. */
const world = useWorld();
const liveTable = 'customer-backend-live';
let live: StoredItems;

/** Copies the restored table to the live one, so that both are equal, as at the backup. */
async function copyToLiveTable(): Promise<void> {
  await createTable(world.engine.target, liveTable);
  live = new StoredItems(world.engine.target, liveTable);
  for (const item of await world.items()) await live.put(item);
}
afterAll(() => live.close());

test('replayErasures repeats only the erasures that happened after the backup', async () => {
  const [active, erased, marked, lost] = [
    await signIn(world),
    await signIn(world),
    await signIn(world),
    await signIn(world),
  ];
  await adjustWallet(erased.customer.id);
  await copyToLiveTable();
  const restoredTable = config.tableName;
  world.set({ TABLE_NAME: liveTable });
  for (const { access } of [erased, marked])
    expect((await world.call(deleteCustomer, { token: access })).status).toBe(204);
  await eraseCustomer(erased.customer.id);
  for (const { pk, sk } of (await live.partition(customerPartition(lost.customer.id))) as {
    pk: string;
    sk: string;
  }[]) {
    await live.delete({ pk, sk });
  }
  world.set({ TABLE_NAME: restoredTable });

  const expected = { erased: [erased.customer.id, marked.customer.id], unexplained: [lost.customer.id] };
  const { erased: erasedIds, unexplained } = await replayErasures(liveTable);
  expect({ erased: erasedIds.toSorted(), unexplained }).toEqual({ ...expected, erased: expected.erased.toSorted() });
  const kinds = async (id: number) =>
    (await world.partition(customerPartition(id))).map(({ sk }) => String(sk).split('#')[0]);
  expect(await kinds(erased.customer.id)).toEqual(['ENTRY', 'ENTRY_KEY', 'WALLET']);
  expect(await kinds(marked.customer.id)).toEqual(['WALLET']);
  expect(await world.partition(phoneClaimKey(erased.phone).pk)).toEqual([]);
  for (const { customer } of [active, lost]) expect(await kinds(customer.id)).toContain('PROFILE');
  expect(await replayErasures(liveTable)).toEqual({ erased: [], unexplained: [lost.customer.id] });
  expect([await checkClaims(), await checkWallets()]).toEqual([[], []]);
});

test('replayErasures finishes an erasure that was in progress at the time of the backup', async () => {
  const { customer } = await signIn(world);
  await world.delete(profileKey(customer.id));
  await world.put({ ...erasureKey(customer.id), customerId: customer.id });
  await replayErasures(liveTable);
  expect((await world.partition(customerPartition(customer.id))).map(({ sk }) => sk)).toEqual(['WALLET']);
});

test('the restore checks report unique claims without an owner, owners without their claim, and wallets with a wrong balance', async () => {
  const [one, two, three] = [await signIn(world), await signIn(world), await signIn(world)];
  const before = await checkClaims();
  await world.delete(phoneClaimKey(one.phone));
  await world.put({ ...phoneClaimKey(two.phone), customerId: three.customer.id });
  await world.put({ ...phoneClaimKey('+201099999999'), customerId: three.customer.id });
  await world.put({ ...phoneClaimKey('+201099999998'), customerId: three.customer.id, isVerified: false });
  const found = (await checkClaims()).filter((problem) => !before.includes(problem));
  expect(found.toSorted()).toEqual(
    [
      `customer ${one.customer.id}: the claim of the phone is missing or another customer's`,
      `customer ${two.customer.id}: the claim of the phone is missing or another customer's`,
      `customer ${three.customer.id}: a claim of a phone has no owner`,
      `customer ${three.customer.id}: a claim of an unverified phone has no owner`,
    ].toSorted(),
  );
  const [wallet] = (await world.partition(customerPartition(one.customer.id))).filter(({ sk }) => sk === 'WALLET');
  await world.put({ ...wallet, balanceMinor: 5 });
  expect(await checkWallets()).toEqual([`customer ${one.customer.id}: balance_differs`]);
});

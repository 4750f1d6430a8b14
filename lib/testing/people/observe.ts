import { type Name, names, otherOf } from './actions.ts';
import { type Claims, findClaimProblems, findDueProblems, readClaims } from './claims.ts';
import type { People } from './people.ts';
import { readSnapshot, type Snapshot } from './snapshot.ts';

/** Reads the table after a step, and checks what must hold then. */
export async function observe(people: People, actors: readonly Name[]): Promise<void> {
  const emails = names.map((name) => people.people[name].email);
  const claims = await readClaims(people.phones, emails);
  const found = await readSnapshot([...new Set([...people.accounts.keys(), ...listClaimers(claims)])]);
  const problems = [
    ...addUnknown(people, found),
    ...findClaimProblems(claims, found),
    ...(await findDueProblems(found, new Set(people.accounts.keys()))),
    ...checkUse(people, found, actors),
    ...checkIdentifiers(people, found),
  ];
  if (problems.length > 0) throw new Error(problems.join('\n'));
  people.before = found;
}

function listClaimers({ ofPhones, ofEmails, lost }: Claims): number[] {
  return [...ofPhones, ...ofEmails, ...lost].flatMap((claim) => (claim ? [claim.customerId] : []));
}

/** Adds the accounts of which no client heard, because the response was lost. */
function addUnknown(people: People, found: Snapshot): string[] {
  const problems: string[] = [];
  for (const [id, { fullName, phoneNumber }] of found) {
    if (people.accounts.has(id)) continue;
    const signedUp = names.find((name) => fullName.includes(people.people[name].marker));
    const owner = signedUp ?? people.holders.get(phoneNumber);
    if (!owner) problems.push(`nobody could have created the account ${id}`);
    else people.addAccount(id, owner);
  }
  return problems;
}

/** An account is in use only when a person who may enter it acts. */
function checkUse(people: People, found: Snapshot, actors: readonly Name[]): string[] {
  return [...found.values()].flatMap(({ id, lastUsedAtSeconds }) => {
    const account = people.accounts.get(id);
    if (!account || lastUsedAtSeconds === null || lastUsedAtSeconds <= account.usedAtSeconds) return [];
    account.usedAtSeconds = lastUsedAtSeconds;
    return actors.some((name) => account.access.has(name)) ? [] : [`a stranger used the account ${id}`];
  });
}

/** A verified phone or e-mail address is one that a person with access has read the code at. */
function checkIdentifiers(people: People, found: Snapshot): string[] {
  return [...found.values()].flatMap(({ id, phoneNumber, email, isEmailVerified, fullName }) => {
    const account = people.accounts.get(id);
    if (!account) return [];
    const access = [...account.access];
    const problems: string[] = [];
    if (phoneNumber && !access.some((name) => people.everHeld.get(phoneNumber)?.has(name)))
      problems.push(`the account ${id} has a phone that its owner never held`);
    if (isEmailVerified && email && !access.some((name) => people.people[name].email === email))
      problems.push(`the account ${id} has verified the mailbox of another`);
    const isShared = access.length > 1;
    if (!isShared && fullName.includes(people.people[otherOf(account.owner)].marker))
      problems.push(`the account ${id} has the name of another`);
    return problems;
  });
}

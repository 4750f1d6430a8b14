import fc from 'fast-check';
import { handler as refresh } from '../../functions/auth/refresh.ts';
import { signIn } from '../testing/stage/signIn.ts';
import { useWorld } from '../testing/stage/world.ts';

const world = useWorld();

const runs = Number(process.env.PROPERTY_RUNS ?? 60);

async function present(token: string): Promise<string | undefined> {
  const { status, body } = await world.call(refresh, { body: { refresh: token } });
  return status === 200 ? body.refresh : undefined;
}

/**
 * The next event: the client sends its newest token, the network delivers a pending request, or
 * time passes. A request may be sent or delivered again, and its response may be lost.
 */
const event = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('send' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('deliver' as const), pick: fc.nat(), answered: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), seconds: fc.constantFrom(1, 1, 31, 31, 86_400) }),
  },
);

/** No gateway keeps a request longer than this. */
const mostSecondsOnTheWay = 29;

test('no history of lost, repeated and reordered requests logs an honest client out', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 5, maxLength: 40 }), async (history) => {
      let { refresh: newest } = await signIn(world);
      let onTheWay: { token: string; sentAtMs: number }[] = [];
      for (const next of history) {
        onTheWay = onTheWay.filter(({ sentAtMs }) => Date.now() - sentAtMs <= mostSecondsOnTheWay * 1_000);
        if (next.kind === 'wait') world.advance(next.seconds);
        if (next.kind === 'send') onTheWay.push({ token: newest, sentAtMs: Date.now() });
        if (next.kind !== 'deliver' || onTheWay.length === 0) continue;
        const { token } = onTheWay[next.pick % onTheWay.length] as { token: string };
        const response = await present(token);
        expect(response).toBeDefined();
        // A client ignores the response to a request that it has given up.
        if (next.answered && token === newest) newest = response ?? '';
      }
      expect(await present(newest)).toBeDefined();
      world.reset();
    }),
    { numRuns: runs },
  );
});

test('a duplicate that arrives late, after its successor has been used, harms nobody within 30 s', async () => {
  const { refresh: first } = await signIn(world);
  const second = (await present(first)) ?? '';
  const third = (await present(second)) ?? '';
  world.advance(29);
  expect(await present(first)).toBeDefined();
  expect(await present(third)).toBeDefined();
});

/** A request of the owner or the thief, after the thief has stolen a token. */
const move = fc.record({ who: fc.constantFrom('owner', 'thief'), idleSeconds: fc.constantFrom(31, 900, 86_400) });

test('a duplicate of a retry that comes after the successor has been used harms nobody either', async () => {
  const { refresh: first } = await signIn(world);
  await present(first);
  world.advance(60);
  const second = (await present(first)) ?? '';
  const third = (await present(second)) ?? '';
  world.advance(2);
  expect(await present(first)).toBeDefined();
  expect(await present(third)).toBeDefined();
});

test('a stolen token always ends the session, once both have gone on with theirs', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: 3 }), fc.array(move, { maxLength: 10 }), async (refreshesBefore, moves) => {
      const tokens = { owner: (await signIn(world)).refresh, thief: '' };
      for (let refreshes = 0; refreshes < refreshesBefore; refreshes++) {
        tokens.owner = (await present(tokens.owner)) ?? '';
        world.advance(900);
      }
      tokens.thief = tokens.owner;
      let ended = false;
      /**
       * The last holder of the session shuts the other one out. They share it for at most one round
       * of each.
       */
      const rounds = [
        ...moves,
        ...(['thief', 'owner', 'thief', 'owner'] as const).map((who) => ({ who, idleSeconds: 31 })),
      ];
      for (const { who, idleSeconds } of rounds) {
        const next = await present(tokens[who]);
        ended ||= next === undefined;
        expect([ended, next !== undefined]).not.toEqual([true, true]);
        tokens[who] = next ?? tokens[who];
        world.advance(idleSeconds);
      }
      expect(ended).toBe(true);
      world.reset();
    }),
    { numRuns: runs },
  );
});

/**
 * A visit by a thief who knows when the owner refreshes. It comes just before or after, with any of
 * the thief's tokens.
 */
const visit = fc.record({
  token: fc.constantFrom('newest' as const, 'used last' as const, 'any' as const),
  pick: fc.nat(),
  idleSeconds: fc.integer({ min: 0, max: 9 }),
});
const round = fc.record({
  before: fc.array(visit, { maxLength: 2 }),
  after: fc.array(visit, { maxLength: 2 }),
  idleSeconds: fc.constantFrom(5, 31, 900, 900, 900, 86_400),
});

test('a thief that follows the refreshes of the owner gets tokens in a few of them at most', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(round, { minLength: 16, maxLength: 16 }), async (rounds) => {
      let { refresh: owner } = await signIn(world);
      const stolen = [owner];
      let used = owner;
      const come = async (visits: (typeof rounds)[number]['before']) => {
        let honoured = false;
        for (const { token, pick, idleSeconds } of visits) {
          world.advance(idleSeconds);
          const newest = stolen.at(-1) as string;
          used = token === 'newest' ? newest : token === 'any' ? (stolen[pick % stolen.length] as string) : used;
          const next = await present(used);
          if (next) stolen.push(next);
          honoured ||= next !== undefined;
        }
        return honoured;
      };
      let followed = 0;
      for (const { before, after, idleSeconds } of rounds) {
        const early = await come(before);
        owner = (await present(owner)) ?? owner;
        const late = await come(after);
        if (early || late) followed++;
        world.advance(idleSeconds);
      }
      expect(followed).toBeLessThanOrEqual(mostRoundsFollowed);
      world.reset();
    }),
    { numRuns: runs },
  );
});

/**
 * The maximum that a search through all moves found: seven, or ten if the owner refreshes in the
 * grace time.
 */
const mostRoundsFollowed = 10;

test('a thief that comes behind the owner, then before, then with a token of its own that it had used, is caught', async () => {
  const signedIn = await signIn(world);
  const use = async (token: string) => (await present(token)) ?? '';
  let owner = await use(signedIn.refresh);
  let thief = await use(signedIn.refresh);
  let ownerRefreshes = 0;
  for (; owner && ownerRefreshes < 30; ownerRefreshes += 3) {
    world.advance(900);
    owner = await use(owner);
    const [own, other] = [await use(thief), await use(thief)];
    world.advance(890);
    await use(own);
    await use(other);
    world.advance(10);
    owner = await use(owner);
    world.advance(900);
    owner = await use(owner);
    thief = await use(own);
  }
  expect(ownerRefreshes).toBeLessThanOrEqual(6);
});

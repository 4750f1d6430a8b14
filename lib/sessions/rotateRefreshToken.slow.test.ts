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
    arbitrary: fc.record({ kind: fc.constant('deliver' as const), pick: fc.nat(), isReceived: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), seconds: fc.constantFrom(1, 1, 31, 31, 86_400) }),
  },
);

/** Gateways drop a request after this time. */
const mostSecondsInTransit = 29;

test('an honest client stays signed in after any history of lost, repeated and reordered requests', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 5, maxLength: 40 }), async (history) => {
      let { refresh: newest } = await signIn(world);
      let inTransit: { token: string; sentAtMs: number }[] = [];
      for (const next of history) {
        inTransit = inTransit.filter(({ sentAtMs }) => Date.now() - sentAtMs <= mostSecondsInTransit * 1_000);
        if (next.kind === 'wait') world.advance(next.seconds);
        if (next.kind === 'send') inTransit.push({ token: newest, sentAtMs: Date.now() });
        if (next.kind !== 'deliver' || inTransit.length === 0) continue;
        const { token } = inTransit[next.pick % inTransit.length] as { token: string };
        const response = await present(token);
        expect(response).toBeDefined();
        // A client ignores the response to a request that it has given up.
        if (next.isReceived && token === newest) newest = response ?? '';
      }
      expect(await present(newest)).toBeDefined();
      world.reset();
    }),
    { numRuns: runs },
  );
});

test('a duplicate request that arrives within 30 s, after its successor was used, revokes nothing', async () => {
  const { refresh: first } = await signIn(world);
  const second = (await present(first)) ?? '';
  const third = (await present(second)) ?? '';
  world.advance(29);
  expect(await present(first)).toBeDefined();
  expect(await present(third)).toBeDefined();
});

/** A request of the owner or the thief, after the thief has stolen a token. */
const move = fc.record({ actor: fc.constantFrom('owner', 'thief'), idleSeconds: fc.constantFrom(31, 900, 86_400) });

test('a duplicate of a retry that arrives after its successor was used revokes nothing', async () => {
  const { refresh: first } = await signIn(world);
  await present(first);
  world.advance(60);
  const second = (await present(first)) ?? '';
  const third = (await present(second)) ?? '';
  world.advance(2);
  expect(await present(first)).toBeDefined();
  expect(await present(third)).toBeDefined();
});

test('a stolen token revokes the session once the owner and the thief have both used it', async () => {
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
       * A revoked session stays revoked. Both can use it for at most one round each.
       */
      const rounds = [
        ...moves,
        ...(['thief', 'owner', 'thief', 'owner'] as const).map((actor) => ({ actor, idleSeconds: 31 })),
      ];
      for (const { actor, idleSeconds } of rounds) {
        const next = await present(tokens[actor]);
        ended ||= next === undefined;
        expect([ended, next !== undefined]).not.toEqual([true, true]);
        tokens[actor] = next ?? tokens[actor];
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

test('a thief who follows the refreshes of the owner gets tokens in only a few rounds', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(round, { minLength: 16, maxLength: 16 }), async (rounds) => {
      let { refresh: owner } = await signIn(world);
      const stolen = [owner];
      let used = owner;
      const visitAll = async (visits: (typeof rounds)[number]['before']) => {
        let gotToken = false;
        for (const { token, pick, idleSeconds } of visits) {
          world.advance(idleSeconds);
          const newest = stolen.at(-1) as string;
          used = token === 'newest' ? newest : token === 'any' ? (stolen[pick % stolen.length] as string) : used;
          const next = await present(used);
          if (next) stolen.push(next);
          gotToken ||= next !== undefined;
        }
        return gotToken;
      };
      let followed = 0;
      for (const { before, after, idleSeconds } of rounds) {
        const early = await visitAll(before);
        owner = (await present(owner)) ?? owner;
        const late = await visitAll(after);
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

test('a thief who alternates between coming after and before the owner, and reuses a token, is detected', async () => {
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

import fc from 'fast-check';
import { handler as refresh } from '../../functions/auth/refresh.ts';
import { signIn } from '../testing/signIn.ts';
import { useWorld } from '../testing/world.ts';

const world = useWorld();

const runs = Number(process.env.PROPERTY_RUNS ?? 60);

async function present(token: string): Promise<string | undefined> {
  const { status, body } = await world.call(refresh, { body: { refresh: token } });
  return status === 200 ? body.refresh : undefined;
}

/** What can happen to one refresh of an honest client. */
const step = fc.record({
  /** How many of its requests are answered into nothing before one gets through. */
  lostAnswers: fc.nat({ max: 3 }),
  /** Whether the network delivers an earlier request of it once more, up to 29 s late. */
  duplicate: fc.boolean(),
  delaySeconds: fc.constantFrom(0, 1, 10, 29),
  /** How long the client waits before it tries again, and before it refreshes next. */
  retrySeconds: fc.constantFrom(0, 1, 31, 3_600),
  idleSeconds: fc.constantFrom(0, 5, 900, 86_400),
});

test('no history of lost, repeated and late requests logs an honest client out', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (history) => {
      let { refresh: current } = await signIn(world);
      for (const { lostAnswers, duplicate, delaySeconds, retrySeconds, idleSeconds } of history) {
        for (let lost = 0; lost < lostAnswers; lost++) {
          expect(await present(current)).toBeDefined();
          world.advance(retrySeconds);
        }
        const next = await present(current);
        expect(next).toBeDefined();
        if (duplicate) {
          world.advance(delaySeconds);
          expect(await present(current)).toBeDefined();
        }
        current = next ?? '';
        world.advance(idleSeconds);
      }
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

/** What a thief does with a stolen token while its owner goes on. */
const move = fc.record({ who: fc.constantFrom('owner', 'thief'), idleSeconds: fc.constantFrom(31, 900, 86_400) });

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
      /** Whoever holds the session in the end shuts the other one out; nobody shares it for longer than a round of each. */
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

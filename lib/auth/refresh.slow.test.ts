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

/**
 * What can happen next: the client sends its newest token (again), the network delivers one of the requests that are on
 * their way (again), with or without bringing the answer back, or time passes.
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
        const answer = await present(token);
        expect(answer).toBeDefined();
        // An answer to a request that the client has given up is of no use to it.
        if (next.answered && token === newest) newest = answer ?? '';
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

/** What a thief does with a stolen token while its owner goes on. */
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

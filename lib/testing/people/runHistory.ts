import type { World } from '../stage/world.ts';
import type { Fault, Step } from './actions.ts';
import { observe } from './observe.ts';
import { People, quietStep } from './people.ts';
import { perform } from './perform.ts';
import { expectWayBack } from './wayBack.ts';

/** Runs a history of two people against the table, and checks it after each step and at its end. */
export async function runHistory(world: World, steps: readonly Step[], tally: Map<string, number>): Promise<void> {
  const people = new People(world, tally);
  try {
    for (const step of steps) await runStep(people, step);
    await expectWayBack(people);
  } finally {
    people.end();
    world.engine.heal();
    world.engine.record();
  }
}

async function runStep(people: People, { waitSeconds, actions, isRepeated, isKeyed, fault }: Step): Promise<void> {
  const { world } = people;
  world.advance(waitSeconds);
  people.step = { isRepeated, isKeyed, fault, isAlone: actions.length === 1 };
  if (fault) breakService(world, fault);
  const results = await Promise.allSettled(actions.map((action) => perform(people, action)));
  world.engine.heal();
  world.sandbox.faults.internal_error = false;
  people.step = quietStep;
  for (const result of results)
    if (result.status === 'rejected' && !isCausedByFault(result.reason, fault)) throw result.reason;
  await observe(
    people,
    actions.map(({ actor }) => actor),
  );
}

/** A function without a route throws the errors of the table. */
const isCausedByFault = ({ name }: Error, fault: Fault | null) => fault !== null && name !== 'Error';

function breakService(world: World, { at, kind }: Fault): void {
  if (kind === 'messages') {
    world.sandbox.faults.internal_error = true;
    return;
  }
  const failure = { status: 500, type: 'InternalServerError' };
  let made = 0;
  let chosen: string | undefined;
  world.engine.fail((_, body) => {
    made += 1;
    if (made - 1 === at) {
      chosen = body;
      return kind === 'lost' || kind === 'killed after' ? 'lose response' : failure;
    }
    if (chosen === undefined) return undefined;
    if (kind === 'rejected') return body === chosen ? failure : undefined;
    return kind === 'lost' ? undefined : failure;
  });
}

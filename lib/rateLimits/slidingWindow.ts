/**
 * Largest difference between the clocks of two machines. An event further ahead was counted before
 * a developer set the clock back, so it does not count.
 */
export const clockSkewSeconds = 10;

export interface Limit {
  events: number;
  perSeconds: number;
}

type Item = Record<string, unknown>;

/**
 * Sliding-window limit. An item stores the newest events of one kind as `<name>1` (the newest) to
 * `<name>N`, in seconds since the epoch.
 *
 * Counting an event is one conditional update. DynamoDB reads every right-hand side of SET before
 * it writes, so each event moves up one place. The limit therefore holds under parallel calls.
 * Unlike a fixed window, it allows no burst at an edge.
 *
 * `coolDownsSeconds` is the wait after the first, second … event within the first limit's period.
 * The last wait also applies to all later events.
 */
export class SlidingWindow {
  readonly #name: string;
  readonly #limits: readonly Limit[];
  readonly #coolDownsSeconds: readonly number[];
  readonly #size: number;

  constructor(name: string, limits: readonly Limit[], coolDownsSeconds: readonly number[] = []) {
    this.#name = name;
    this.#limits = limits;
    this.#coolDownsSeconds = coolDownsSeconds;
    this.#size = Math.max(coolDownsSeconds.length, ...limits.map(({ events }) => events));
  }

  /** SET clauses that count an event. All clauses and conditions here need {@link values}. */
  get count(): string {
    const moves = this.#places
      .slice(1)
      .map((place) => `${this.#at(place)} = if_not_exists(${this.#at(place - 1)}, :never)`);
    return [`${this.#at(1)} = :now`, ...moves].join(', ');
  }

  /** SET clauses that remove the newest event. */
  get uncount(): string {
    const moves = this.#places
      .slice(1)
      .map((place) => `${this.#at(place - 1)} = if_not_exists(${this.#at(place)}, :never)`);
    return [...moves, `${this.#at(this.#size)} = :never`].join(', ');
  }

  get allows(): string {
    const limits = this.#limits.map(({ events }, index) => this.#olderThan(events, this.#since(index)));
    const coolDowns = this.#coolDownsSeconds.map(
      (_, index) =>
        `(${this.#olderThan(index + 1, this.#since(0))} OR ${this.#olderThan(1, `:${this.#name}CoolDown${index}`)})`,
    );
    return [...limits, ...coolDowns].join(' AND ');
  }

  values(now: number): Item {
    return {
      ':now': now,
      ':never': 0,
      ':ahead': now + clockSkewSeconds,
      ...Object.fromEntries(this.#limits.map(({ perSeconds }, index) => [this.#since(index), now - perSeconds])),
      ...Object.fromEntries(
        this.#coolDownsSeconds.map((wait, index) => [`:${this.#name}CoolDown${index}`, now - wait]),
      ),
    };
  }

  /** Returns the events of an item, newest first. */
  read(item: Item | undefined): number[] {
    return this.#places.map((place) => Number(item?.[`${this.#name}${place}`] ?? 0)).filter((at) => at > 0);
  }

  /** Returns the whole seconds from `now` until another event is allowed, or 0. */
  wait(events: readonly number[], now: number): number {
    const counted = events.filter((at) => at <= now + clockSkewSeconds);
    const limits = this.#limits.map((limit) => (counted[limit.events - 1] ?? 0) + limit.perSeconds - now);
    const [newest = 0] = counted;
    const [first] = this.#limits;
    const recent = counted.filter((at) => at > now - (first?.perSeconds ?? 0)).length;
    const coolDown = Math.max(0, ...this.#coolDownsSeconds.slice(0, recent));
    return Math.max(0, newest + coolDown - now, ...limits);
  }

  get #places(): number[] {
    return Array.from({ length: this.#size }, (_, index) => index + 1);
  }

  #since(limit: number): string {
    return `:${this.#name}Since${limit}`;
  }

  #at(place: number): string {
    return `#${this.#name}${place}`;
  }

  #olderThan(place: number, since: string): string {
    const at = this.#at(place);
    return `(attribute_not_exists(${at}) OR ${at} <= ${since} OR ${at} > :ahead)`;
  }
}

export function valuesOf(windows: readonly SlidingWindow[], now: number): Item {
  return Object.assign({}, ...windows.map((window) => window.values(now)));
}

export const countAll = (windows: readonly SlidingWindow[]) => windows.map(({ count }) => count).join(', ');
export const uncountAll = (windows: readonly SlidingWindow[]) => windows.map(({ uncount }) => uncount).join(', ');
export const allowAll = (windows: readonly SlidingWindow[]) => windows.map(({ allows }) => allows).join(' AND ');

/** Returns the whole seconds until all windows allow another event, or 0. */
export function waitForAll(windows: readonly SlidingWindow[], item: Item | undefined, now: number): number {
  return Math.max(0, ...windows.map((window) => window.wait(window.read(item), now)));
}

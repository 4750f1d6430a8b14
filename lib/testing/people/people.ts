import { randomUUID } from 'node:crypto';
import type { Endpoint } from '../../http/endpoint.ts';
import type { TestRequest } from '../stage/event.ts';
import { nextAddress } from '../stage/signUp.ts';
import type { TestResponse, World } from '../stage/world.ts';
import { type Name, names, otherOf, phoneCount, type Step } from './actions.ts';
import { mayEnter, readSnapshot, type Snapshot } from './snapshot.ts';

export interface HeldSession {
  customerId: number;
  access: string;
  refresh: string;
  issuedAtMs: number;
  /** The id of the change of the phone that this session requested. */
  phoneChangeId?: number;
}

export interface Person {
  name: Name;
  /** Part of the name of this person's accounts, and of no other account. */
  marker: string;
  email: string;
  passwords: [string, string];
  clientIp: string;
  sessions: HeldSession[];
  deviceToken: string | undefined;
  /** The newest code that this person has read, by phone or e-mail address. */
  codes: Map<string, string>;
  /** The links of SMS that cancel a change of a phone. */
  links: string[];
}

interface ModelAccount {
  owner: Name;
  /** The people whom the contract has let in: the owner, and a new holder of the phone. */
  access: Set<Name>;
  usedAtSeconds: number;
}

/** How the requests of a step are sent. */
interface StepMode extends Pick<Step, 'isRepeated' | 'isKeyed' | 'fault'> {
  /** Whether no other action runs at the same time. */
  isAlone: boolean;
}

export const quietStep: StepMode = { isRepeated: false, isKeyed: false, fault: null, isAlone: true };

let histories = 0;

/** Two people, what they hold, and the accounts that they may enter. */
export class People {
  readonly world: World;
  readonly phones: string[];
  readonly people: Record<Name, Person>;
  /** The person who reads the SMS of a phone now. */
  readonly holders = new Map<string, Name>();
  /** The people who have read SMS of a phone. */
  readonly everHeld = new Map<string, Set<Name>>();
  readonly accounts = new Map<number, ModelAccount>();
  /** How often each noteworthy event happened. */
  readonly tally: Map<string, number>;
  before: Snapshot = new Map();
  step = quietStep;
  readonly #stopReading: () => void;

  constructor(world: World, tally: Map<string, number>) {
    this.world = world;
    this.tally = tally;
    histories += 1;
    this.phones = Array.from({ length: phoneCount }, () => world.phone());
    for (const [index, phone] of this.phones.entries()) this.giveSim(phone, index % 2 === 0 ? 'amina' : 'badr');
    const person = (name: Name, marker: string): Person => ({
      name,
      marker,
      email: `${name}${histories}@example.com`,
      passwords: [`violet bicycle ${name} 77`, `orange teapot ${name} 78`],
      clientIp: nextAddress(),
      sessions: [],
      deviceToken: undefined,
      codes: new Map(),
      links: [],
    });
    this.people = { amina: person('amina', 'Aminamarker'), badr: person('badr', 'Badrmarker') };
    const { messages } = world.sandbox;
    let read = messages.all()[0];
    this.#stopReading = messages.listen(() => {
      const [message] = messages.all();
      if (message && message !== read) this.#deliver(message.to, message.text);
      read = message;
    });
  }

  end(): void {
    this.#stopReading();
  }

  count(event: string): void {
    this.tally.set(event, (this.tally.get(event) ?? 0) + 1);
  }

  giveSim(phone: string, name: Name): void {
    this.holders.set(phone, name);
    this.everHeld.set(phone, (this.everHeld.get(phone) ?? new Set()).add(name));
  }

  holds(person: Person, phone: string): boolean {
    return phone !== '' && this.holders.get(phone) === person.name;
  }

  #deliver(to: string, text: string): void {
    const name = this.holders.get(to) ?? names.find((each) => this.people[each].email === to);
    if (!name) return;
    const code = /\b\d{6}\b/.exec(text)?.[0];
    if (code && !text.includes('http')) this.people[name].codes.set(to, code);
    const link = /phone-changes\/(\S+?)\//.exec(text)?.[1];
    if (link) this.people[name].links.push(link);
  }

  /** Calls an endpoint as a person. A client that loses the response repeats the request. */
  async call(person: Person, handler: Endpoint, request: TestRequest): Promise<TestResponse> {
    const headers = this.step.isKeyed ? { 'Idempotency-Key': randomUUID() } : {};
    const sent = { clientIp: person.clientIp, headers, ...request };
    if (this.step.isRepeated) await this.#judge(person, await this.world.call(handler, sent));
    return this.#judge(person, await this.world.call(handler, sent));
  }

  /** Checks that a response shows a person nothing of an account that they may not enter. */
  async #judge(person: Person, response: TestResponse): Promise<TestResponse> {
    const { status, body } = response;
    if (!this.step.fault && status >= 500) throw new Error(`${status} without a fault: ${JSON.stringify(body)}`);
    if (status >= 300 || !body) return response;
    const id = body.customer?.id ?? body.data?.id ?? ('full_name' in body ? body.id : undefined);
    if (id !== undefined) await this.#enter(person, id);
    const other = this.people[otherOf(person.name)];
    const isShared = id !== undefined && this.accounts.get(id)?.access.has(other.name);
    if (!isShared && JSON.stringify(body).includes(other.marker)) {
      throw new Error(`${person.name} reads the data of ${other.name}: ${JSON.stringify(body)}`);
    }
    if (body.access || body.data?.refresh_token) this.#checkSuspension(id);
    return response;
  }

  #checkSuspension(id: number): void {
    if (this.step.isAlone && this.before.get(id)?.isSuspended)
      throw new Error(`The suspended customer ${id} signs in.`);
  }

  async #enter(person: Person, id: number): Promise<void> {
    const account = this.accounts.get(id);
    if (account?.access.has(person.name)) return;
    if (!account) {
      this.addAccount(id, person.name);
      return;
    }
    if (!(await this.mayEnterNow(person, id))) {
      throw new Error(`${person.name} enters the account ${id} of ${account.owner}.`);
    }
    account.access.add(person.name);
    this.count('a new holder of a phone enters its account');
  }

  /** Returns whether the contract lets a person in, before this step or now. */
  async mayEnterNow(person: Person, id: number): Promise<boolean> {
    const used = this.accounts.get(id)?.usedAtSeconds ?? 0;
    const holds = (phone: string) => this.holds(person, phone);
    if (mayEnter(this.before.get(id), used, holds)) return true;
    return mayEnter((await readSnapshot([id])).get(id), used, holds);
  }

  addAccount(id: number, owner: Name): void {
    this.accounts.set(id, { owner, access: new Set([owner]), usedAtSeconds: Math.floor(Date.now() / 1000) });
  }
}

import pMap from 'p-map';
import type { Sandbox } from '../local/sandbox/server.ts';
import { startBetterAuth } from './betterAuth.mjs';
import { call, codeRequest, newPhone, otpFor, signInWith } from './customer.ts';
import { type Chain, chainOf, startFloor } from './floor.ts';
import { recordTable } from './recorder.ts';
import { median, quantile, type Report } from './report.ts';
import { startStage } from './stage.ts';

const steps = ['sendCode', 'signUp', 'signIn', 'read', 'refresh'] as const;
type Step = (typeof steps)[number];

/** An implementation of the steps of a login, for customers with a phone number. */
export type Contender = Record<Step, (phone: string) => Promise<unknown>>;

const titles: Record<Step, string> = {
  sendCode: 'send a code',
  signUp: 'authenticate, new',
  signIn: 'authenticate, returning',
  read: 'authenticated GET',
  refresh: 'refresh',
};

const warmUps = 40;
const measuredCount = 200;
const atOnce = [1, 8, 64];
const perLevel = 192;

export async function login(): Promise<Report> {
  const { sandbox, stop } = await startStage();
  const phones = Array.from({ length: warmUps + measuredCount + atOnce.length * perLevel }, newPhone);
  const contenders: Record<string, Contender> = {
    floor: await recordFloor(sandbox, phones),
    ours: oursIn(sandbox),
    'better-auth': await startBetterAuth(),
  };
  const oneByOne = phones.slice(0, warmUps + measuredCount);
  const times = await inTurn(contenders, oneByOne);
  const rates = await sideBySide(contenders, phones.slice(oneByOne.length));
  await stop();
  return reportOf(Object.keys(contenders), times, rates);
}

function oursIn(sandbox: Sandbox): Contender {
  const tokens = new Map<string, { access: string; refresh: string }>();
  const send = (phone: string) => call('authSendOtp', codeRequest(phone));
  const signIn = async (phone: string) => {
    tokens.set(phone, await call('customersAuthenticate', { body: signInWith(phone, otpFor(sandbox, phone)) }));
  };
  return {
    sendCode: send,
    signUp: signIn,
    signIn,
    read: (phone) => call('customersGet', { token: tokens.get(phone)?.access ?? '' }),
    refresh: async (phone) =>
      tokens.set(phone, await call('authRefresh', { body: { refresh: tokens.get(phone)?.refresh } })),
  };
}

/**
 * Records the table calls of our functions with other customers, and returns a contender that
 * repeats them.
 */
async function recordFloor(sandbox: Sandbox, phones: readonly string[]): Promise<Contender> {
  const ours = oursIn(sandbox);
  // Fills the caches before the recording.
  const first = newPhone();
  for (const step of withCodes) await ours[step](first);
  /** The step `sendCode` has two chains per phone. */
  const recorded = new Map<string, Chain[]>();
  const recorder = recordTable();
  for (const phone of phones) {
    const other = newPhone();
    for (const step of withCodes) {
      recorder.calls.length = 0;
      await ours[step](other);
      const key = `${step} ${phone}`;
      recorded.set(key, [...(recorded.get(key) ?? []), chainOf(recorder.calls)]);
    }
  }
  recorder.stop();
  const repeat = startFloor();
  const stepOf = (step: Step) => (phone: string) =>
    repeat(recorded.get(`${step} ${phone}`)?.shift() ?? [], step === 'sendCode' ? '+15005550006' : undefined);
  return Object.fromEntries(steps.map((step) => [step, stepOf(step)])) as Contender;
}

/** Returning customers need a second OTP. */
const withCodes: readonly Step[] = ['sendCode', 'signUp', 'sendCode', 'signIn', 'read', 'refresh'];

/** Measures each step with each phone, alternating the contenders. Returns milliseconds. */
async function inTurn(contenders: Record<string, Contender>, phones: readonly string[]) {
  const times = new Map<string, number[]>();
  for (const [round, step] of withCodes.entries()) {
    const isAgain = withCodes.indexOf(step) < round;
    for (const [index, phone] of phones.entries()) {
      for (const [name, contender] of rotate(Object.entries(contenders), index)) {
        const startedAt = performance.now();
        await contender[step](phone);
        const key = `${step} ${name}`;
        const samples = times.get(key) ?? [];
        times.set(key, samples);
        if (index >= warmUps && !isAgain) samples.push(performance.now() - startedAt);
      }
    }
  }
  return times;
}

const rotate = <T>(all: readonly T[], by: number): T[] => [
  ...all.slice(by % all.length),
  ...all.slice(0, by % all.length),
];

/** Measures the requests per second of each step and contender at each concurrency. */
async function sideBySide(contenders: Record<string, Contender>, phones: readonly string[]) {
  const rates = new Map<string, number>();
  for (const [level, concurrency] of atOnce.entries()) {
    const levelPhones = phones.slice(level * perLevel, (level + 1) * perLevel);
    for (const [round, step] of withCodes.entries()) {
      for (const [name, contender] of rotate(Object.entries(contenders), round)) {
        const startedAt = performance.now();
        await pMap(levelPhones, (phone) => contender[step](phone), { concurrency });
        rates.set(`${step} ${name} ${concurrency}`, (levelPhones.length / (performance.now() - startedAt)) * 1000);
      }
    }
  }
  return rates;
}

function reportOf(names: readonly string[], times: Map<string, number[]>, rates: Map<string, number>): Report {
  const samplesOf = (step: Step, name: string) => times.get(`${step} ${name}`) ?? [];
  const medianOf = (step: Step, name: string) => median(samplesOf(step, name));
  const rate = (step: Step, name: string, concurrency: number) => rates.get(`${step} ${name} ${concurrency}`) ?? 0;
  return {
    title: 'Login',
    notes: [
      `Our exported handlers against the local engine, behind a socket; better-auth with its phoneNumber plugin, bearer tokens and \`node:sqlite\` in memory, in the same process; and the floor, a bare client of the SDK that repeats the calls that our handlers make to DynamoDB and SNS, without their conditions. Each step ${measuredCount} times in turn.`,
      'What a step is differs. Sending a code, ours counts it for the phone, the address, the country and the stage, and hands it to the SNS sandbox by HTTP; better-auth writes one row, limits nothing and calls a function. The GET of ours is the profile with country and wallet, that of better-auth the session with its user. A refresh of better-auth is that GET with a renewal. Where the floor alone takes longer than better-auth, the sockets are the difference.',
    ],
    tables: [
      {
        caption: 'Milliseconds, one request at a time',
        columns: ['step', ...names.flatMap((name) => [`${name} median`, 'p95']), 'ours / floor', 'ours / better-auth'],
        rows: steps.map((step) => [
          titles[step],
          ...names.flatMap((name) => [medianOf(step, name), quantile(samplesOf(step, name), 0.95)]),
          medianOf(step, 'ours') / medianOf(step, 'floor'),
          medianOf(step, 'ours') / medianOf(step, 'better-auth'),
        ]),
      },
      {
        caption: 'Requests per second, with so many in flight',
        columns: ['step', ...atOnce.flatMap((concurrency) => names.map((name) => `${name}, ${concurrency}`))],
        rows: steps.map((step) => [
          titles[step],
          ...atOnce.flatMap((concurrency) => names.map((name) => rate(step, name, concurrency))),
        ]),
      },
    ],
    charts: [
      {
        title: 'Median time of a step of the login',
        kind: 'bar',
        unit: 'ms',
        categories: steps.map((step) => titles[step]),
        series: names.map((name) => ({ name, values: steps.map((step) => medianOf(step, name)) })),
      },
    ],
  };
}

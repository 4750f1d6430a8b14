import pMap from 'p-map';
import type { Sandbox } from '../local/sandbox/server.ts';
import { startInMemory, startOnPostgres } from './betterAuth.mjs';
import { call, codeRequest, newPhone, otpFor, signInWith } from './customer.ts';
import { type Chain, chainOf, startFloor } from './floor.ts';
import { reportOf } from './loginReport.ts';
import { atOnce, type Contender, measuredCount, otherPhone, type Samples, type Step, steps } from './loginSteps.ts';
import { startPostgres } from './postgres.ts';
import { recordTable } from './recorder.ts';
import { print, type Report } from './report.ts';
import { startStage } from './stage.ts';

const warmUps = 40;
const perLevel = 192;

export async function login(): Promise<Report> {
  const { sandbox, stop } = await startStage();
  const phones = Array.from({ length: warmUps + measuredCount + atOnce.length * perLevel }, newPhone);
  const contenders: Record<string, Contender> = {
    floor: await recordFloor(sandbox, phones),
    ours: oursIn(sandbox),
    'better-auth in memory': await startInMemory(),
  };
  const postgres = startPostgres();
  if (!postgres) print('PostgreSQL is not installed, so better-auth on PostgreSQL is left out.');
  const deployed = postgres && (await startOnPostgres(postgres.socketFolder));
  if (deployed) contenders['better-auth on PostgreSQL'] = deployed.contender;
  const oneByOne = phones.slice(0, warmUps + measuredCount);
  const samples = await inTurn(contenders, oneByOne);
  const rates = await sideBySide(contenders, phones.slice(oneByOne.length));
  await deployed?.stop();
  postgres?.stop();
  await stop();
  return reportOf(Object.keys(contenders), samples, rates, postgres?.version);
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
    repeat(recorded.get(`${step} ${phone}`)?.shift() ?? [], step === 'sendCode' ? otherPhone : undefined);
  return Object.fromEntries(steps.map((step) => [step, stepOf(step)])) as Contender;
}

/** Returning customers need a second OTP. */
const withCodes: readonly Step[] = ['sendCode', 'signUp', 'sendCode', 'signIn', 'read', 'refresh'];

/** Measures each step with each phone, alternating the contenders. */
async function inTurn(contenders: Record<string, Contender>, phones: readonly string[]): Promise<Samples> {
  const all: Samples = new Map();
  for (const [round, step] of withCodes.entries()) {
    const isAgain = withCodes.indexOf(step) < round;
    for (const [index, phone] of phones.entries()) {
      for (const [name, contender] of rotate(Object.entries(contenders), index)) {
        const [startedAt, cpuBefore] = [performance.now(), process.cpuUsage()];
        await contender[step](phone);
        const ms = performance.now() - startedAt;
        const { user, system } = process.cpuUsage(cpuBefore);
        const key = `${step} ${name}`;
        const samples = all.get(key) ?? [];
        all.set(key, samples);
        if (index >= warmUps && !isAgain) samples.push({ ms, cpuMs: (user + system) / 1000 });
      }
    }
  }
  return all;
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

import { atOnce, measuredCount, type Samples, type Step, steps } from './loginSteps.ts';
import { median, quantile, type Report } from './report.ts';

const titles: Record<Step, string> = {
  sendCode: 'send a code',
  signUp: 'authenticate, new',
  signIn: 'authenticate, returning',
  read: 'authenticated GET',
  refresh: 'refresh',
};

/** The most that ours may take, as a multiple of the floor. */
const mostOverFloor: Record<Step, number> = { sendCode: 1.3, signUp: 1.3, signIn: 1.3, read: 1.2, refresh: 1.3 };

export function reportOf(
  names: readonly string[],
  samples: Samples,
  rates: ReadonlyMap<string, number>,
  postgresVersion: string | undefined,
): Report {
  const timesOf = (step: Step, name: string) => (samples.get(`${step} ${name}`) ?? []).map(({ ms }) => ms);
  const timeOf = (step: Step, name: string) => median(timesOf(step, name));
  const cpuOf = (step: Step, name: string) => mean((samples.get(`${step} ${name}`) ?? []).map(({ cpuMs }) => cpuMs));
  const ratio = (step: Step, of: typeof timeOf) => of(step, 'ours') / of(step, 'floor');
  const peers = names.filter((name) => name !== 'floor' && name !== 'ours');
  const rivals = names.filter((name) => name !== 'floor');
  const rate = (step: Step, name: string, concurrency: number) => rates.get(`${step} ${name} ${concurrency}`) ?? 0;
  return {
    title: 'Login',
    notes: [
      `Our exported handlers against the local engine, behind a socket. Beside them the floor, a bare client of the SDK: it repeats the calls that our handlers make to DynamoDB and SNS, without their conditions. Beside them better-auth with its phoneNumber plugin and bearer tokens, all in one process, each step ${measuredCount} times in turn.`,
      `better-auth runs twice. In memory, it uses \`node:sqlite\`, limits nothing, and calls a function instead of sending a code. ${onPostgres(postgresVersion)}`,
      'A step differs by contender. To send a code, ours counts it for the phone, the IP address, the country and the stage; better-auth counts it for the IP address at most. Our GET is the profile with country and wallet, that of better-auth the session with its user. A refresh of better-auth is that GET with a renewal. Where the floor alone takes longer than better-auth in memory, the sockets are the difference.',
      'CPU is the user and system time of the process, as a mean. It includes the SNS sandbox, which runs in the same process, where a step sends an SMS over HTTP. It includes `node:sqlite`, but neither the CPU of PostgreSQL nor that of DynamoDB, which are other processes.',
      ...summary(peers, timeOf),
    ],
    tables: [
      {
        caption: 'Milliseconds, one request at a time',
        columns: ['step', ...names.flatMap((name) => [`${name} median`, 'p95'])],
        rows: steps.map((step) => [
          titles[step],
          ...names.flatMap((name) => [timeOf(step, name), quantile(timesOf(step, name), 0.95)]),
        ]),
      },
      {
        caption: 'Milliseconds of CPU per request, one request at a time',
        columns: ['step', ...names],
        rows: steps.map((step) => [titles[step], ...names.map((name) => cpuOf(step, name))]),
      },
      {
        caption: 'Ours as a multiple of the floor',
        columns: ['step', 'time', 'budget', 'held', 'CPU'],
        rows: steps.map((step) => [
          titles[step],
          ratio(step, timeOf),
          mostOverFloor[step],
          ratio(step, timeOf) <= mostOverFloor[step] ? 'yes' : 'no',
          ratio(step, cpuOf),
        ]),
      },
      {
        caption: 'The winners, and ours beside better-auth',
        columns: ['step', 'fastest', 'least CPU', ...peers.flatMap((peer) => [`time, beside ${peer}`, 'CPU'])],
        rows: steps.map((step) => [
          titles[step],
          leastOf(rivals, (name) => timeOf(step, name)),
          leastOf(rivals, (name) => cpuOf(step, name)),
          ...peers.flatMap((peer) => [
            timeOf(step, 'ours') / timeOf(step, peer),
            cpuOf(step, 'ours') / cpuOf(step, peer),
          ]),
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
        series: names.map((name) => ({ name, values: steps.map((step) => timeOf(step, name)) })),
      },
    ],
  };
}

function onPostgres(version: string | undefined): string {
  if (!version) return 'On PostgreSQL it is missing, because PostgreSQL was not installed.';
  return `On PostgreSQL ${version}, it has its data and its rate limits there, and waits for SNS to take the SMS, as a shop deploys it. PostgreSQL listens on a Unix socket and does not sync to the disk, because the local engine does not either.`;
}

/** Says in words in which steps ours is faster than each peer, and which budgets hold. */
function summary(peers: readonly string[], timeOf: (step: Step, name: string) => number) {
  const list = (some: readonly Step[]) => some.map((step) => titles[step]).join('; ') || 'no step';
  const holds = (step: Step) => timeOf(step, 'ours') <= mostOverFloor[step] * timeOf(step, 'floor');
  return [
    `The budget over the floor holds in: ${list(steps.filter(holds))}. It does not hold in: ${list(steps.filter((step) => !holds(step)))}.`,
    ...peers.map((peer) => {
      const isFaster = (step: Step) => timeOf(step, 'ours') < timeOf(step, peer);
      return `Ours is faster than ${peer} in: ${list(steps.filter(isFaster))}. ${peer} is faster in: ${list(steps.filter((step) => !isFaster(step)))}.`;
    }),
  ];
}

function leastOf(names: readonly string[], measure: (name: string) => number): string {
  return names.toSorted((a, b) => measure(a) - measure(b))[0] ?? '';
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

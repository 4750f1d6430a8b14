import fc from 'fast-check';

/** Two people. Each owns a mailbox, and holds SIMs that may move to the other. */
export const names = ['amina', 'badr'] as const;
export type Name = (typeof names)[number];
export const otherOf = (name: Name): Name => (name === 'amina' ? 'badr' : 'amina');

/** Two phones for each person, so that each can change to the other one. */
export const phoneCount = 4;

const actor = fc.constantFrom(...names);
/** A phone that the person holds, or any of the phones. */
const phone = fc.record({ isHeld: fc.integer({ min: 0, max: 3 }).map((roll) => roll > 0), index: fc.nat({ max: 5 }) });
export type Phone = typeof phone extends fc.Arbitrary<infer T> ? T : never;
/** The address of the person's mailbox, or of the other's. */
const email = fc.constantFrom('own' as const, 'own' as const, 'own' as const, 'other' as const, 'none' as const);
const mailbox = fc.constantFrom('own' as const, 'own' as const, 'own' as const, 'other' as const);
const password = fc.nat({ max: 1 });
const proof = fc.constantFrom('otp' as const, 'otp' as const, 'password' as const, 'none' as const);
const pick = fc.nat({ max: 5 });

const kinds = {
  signIn: {
    phone,
    isKnown: fc.boolean(),
    secondProof: fc.constantFrom('password', 'email', 'new', 'none'),
    password,
  },
  /** Signs in, and adds a password or a verified e-mail address. */
  settle: { phone, isByEmail: fc.boolean(), password },
  /** Gets the SIM of the other person's account, and uses it at once or after a year. */
  takeOver: {
    isLate: fc.boolean(),
    isReset: fc.boolean(),
    secondProof: fc.constantFrom('password', 'new', 'email', 'none'),
    password,
  },
  signUp: { phone, email: mailbox, password },
  logIn: { email: mailbox, password, isKnown: fc.boolean() },
  reset: { by: fc.constantFrom('phone', 'email'), phone, email: mailbox, isByEmail: fc.boolean(), password },
  setEmail: { proof, email: mailbox, isVerified: fc.boolean() },
  verifyEmail: {},
  patchEmail: { proof, email },
  setPassword: { proof, email, password },
  changePhone: { proof, phone },
  requestChange: { phone },
  cancelChange: { isByLink: fc.boolean() },
  verifyPhone: { proof, phone },
  refresh: {},
  order: {},
  logOutAll: {},
  remove: {},
  loseSim: { phone },
  applyChanges: {},
  operate: {
    name: fc.constantFrom(
      'suspendCustomer',
      'restoreCustomer',
      'restoreCustomer',
      'endSessions',
      'approvePhoneChange',
      'rejectPhoneChange',
    ),
    pick,
  },
  assignPhone: { pick, phone },
  credit: { pick },
} as const;

const weights: Partial<Record<keyof typeof kinds, number>> = {
  signIn: 6,
  settle: 6,
  takeOver: 5,
  signUp: 3,
  logIn: 3,
  setEmail: 3,
  setPassword: 4,
  loseSim: 3,
  requestChange: 4,
  order: 4,
  applyChanges: 2,
  operate: 2,
  credit: 2,
};

type Kind = keyof typeof kinds;
type Fields<K extends Kind> = {
  [F in keyof (typeof kinds)[K]]: (typeof kinds)[K][F] extends fc.Arbitrary<infer T> ? T : never;
};

/** An action of a person. */
export type Action<K extends Kind = Kind> = { [One in K]: { kind: One; actor: Name } & Fields<One> }[K];

const anyAction = fc.oneof(
  ...(Object.keys(kinds) as Kind[]).map((kind) => ({
    weight: weights[kind] ?? 1,
    arbitrary: fc.record({ kind: fc.constant(kind), actor, ...kinds[kind] }) as unknown as fc.Arbitrary<Action>,
  })),
);

const day = 86_400;
const wait = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(1, 61) },
  { weight: 4, arbitrary: fc.constantFrom(700, 3_600, day) },
  { weight: 1, arbitrary: fc.constantFrom(3 * day, 8 * day) },
  { weight: 1, arbitrary: fc.constantFrom(181 * day, 365 * day, 400 * day) },
);

/**
 * A fault of the table, from one of its calls on: one call fails or loses its response, or the
 * process ends there. Or SNS and SES fail.
 */
const fault = fc.record({
  at: fc.nat({ max: 14 }),
  kind: fc.constantFrom('rejected', 'lost', 'killed before', 'killed after', 'messages'),
});
export type Fault = typeof fault extends fc.Arbitrary<infer T> ? T : never;

/** One action, or two at once. The clients may lose each first response and repeat the request. */
const step = fc.record({
  waitSeconds: wait,
  actions: fc.oneof(
    { weight: 5, arbitrary: fc.tuple(anyAction) },
    { weight: 1, arbitrary: fc.tuple(anyAction, anyAction) },
  ),
  isRepeated: fc.integer({ min: 0, max: 5 }).map((roll) => roll === 5),
  isKeyed: fc.boolean(),
  fault: fc.oneof({ weight: 6, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fault }),
});
export type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

export const history = fc.array(step, { minLength: 8, maxLength: 24, size: 'max' });

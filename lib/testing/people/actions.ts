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

function action<const K extends string, F>(kind: K, fields: { [N in keyof F]: fc.Arbitrary<F[N]> }, weight = 1) {
  const arbitrary = fc.tuple(actor, fc.record(fields)).map(([name, others]) => ({ ...others, kind, actor: name }));
  return { weight, arbitrary };
}

const anyAction = fc.oneof(
  action(
    'signIn',
    {
      phone,
      isKnown: fc.boolean(),
      secondProof: fc.constantFrom('password', 'email', 'new', 'none'),
      password,
    },
    6,
  ),
  /** Signs in, and adds a password or a verified e-mail address. */
  action('settle', { phone, isByEmail: fc.boolean(), password }, 6),
  /** Gets the SIM of the other person's account, and uses it at once or after a year. */
  action(
    'takeOver',
    {
      isLate: fc.boolean(),
      isReset: fc.boolean(),
      secondProof: fc.constantFrom('password', 'new', 'email', 'none'),
      password,
    },
    5,
  ),
  action('signUp', { phone, email: mailbox, password }, 3),
  action('logIn', { email: mailbox, password, isKnown: fc.boolean() }, 3),
  action('reset', { by: fc.constantFrom('phone', 'email'), phone, email: mailbox, isByEmail: fc.boolean(), password }),
  action('setEmail', { proof, email: mailbox, isVerified: fc.boolean() }, 3),
  action('verifyEmail', {}),
  action('patchEmail', { proof, email }),
  action('setPassword', { proof, email, password }, 4),
  action('changePhone', { proof, phone }),
  action('requestChange', { phone }, 4),
  action('cancelChange', { isByLink: fc.boolean() }),
  action('verifyPhone', { proof, phone }),
  action('refresh', {}),
  action('order', {}, 4),
  action('logOutAll', {}),
  action('remove', {}),
  action('loseSim', { phone }, 3),
  action('applyChanges', {}, 2),
  action(
    'operate',
    {
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
    2,
  ),
  action('assignPhone', { pick, phone }),
  action('credit', { pick }, 2),
);
type AnyAction = typeof anyAction extends fc.Arbitrary<infer T> ? T : never;

/** An action of a person. */
export type Action<K extends AnyAction['kind'] = AnyAction['kind']> = Extract<AnyAction, { kind: K }>;

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

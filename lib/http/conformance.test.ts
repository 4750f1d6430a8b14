import { readFileSync } from 'node:fs';
import { loadSeed } from '../../seed/load.ts';
import { describedBy } from '../testing/apiDocument.ts';
import { testConformance } from '../testing/conformance.ts';
import { callsOf } from '../testing/documentedCalls.ts';
import { goodRequestsTo } from '../testing/goodRequests.ts';
import { cheapPasswords } from '../testing/signUp.ts';
import { useWorld } from '../testing/world.ts';
import { project } from './routes.ts';

const world = useWorld();
const api = describedBy(JSON.parse(readFileSync(`${project}/openapi.json`, 'utf8')));
const calls = callsOf(api, { world, folder: project });
const { signedIn, good, forget } = goodRequestsTo(world, calls);

beforeEach(() => {
  const unlimited = '999999999';
  world.set({ OTP_SENDS_PER_COUNTRY_PER_DAY: unlimited, OTP_SENDS_PER_STAGE_PER_DAY: unlimited });
  world.set({ OTP_COOL_DOWNS_SECONDS: '0', OTP_SENDS_PER_PHONE_PER_HOUR: '50', OTP_SENDS_PER_PHONE_PER_DAY: '50' });
  cheapPasswords(world);
});

/** Fields whose rules a schema cannot say in full: real numbers, codes and tokens, dates that have been, addresses that exist. */
const beyondSchema =
  /(^|\.)(phone_number|otp|refresh|refresh_token|point|image|map_image|birth_date|primary_address|email|end|time_zone|registration_id|long|lat|cursor|page_size|deep|phone|password|birthdate|token|verification_code)$/;

testConformance(api, calls, {
  caller: async () => ({ token: (await signedIn()).access }),
  good,
  strangers: async () => [
    [{}, 'not_authenticated'],
    [{ Authorization: 'Basic eA==' }, 'authentication_failed'],
    [{ Authorization: 'Bearer x.y.z' }, 'token_not_valid'],
    [{ Authorization: `Bearer ${(await signedIn()).refresh}` }, 'token_not_valid'],
  ],
  // The envelope has none.
  codeOf: ({ body }) => ('code' in body ? undefined : body.errors[0].code),
  refusedFields({ status, body }) {
    if (status === 423) return Object.keys(body.errors.errorDetails);
    const isField = status === 400 && body.type === 'validation_error';
    return isField ? body.errors.map(({ attr }: { attr: string }) => attr) : [];
  },
  isBeyondSchema: (_, field) => beyondSchema.test(field),
  // Whatever is wrong with a point is wrong with it as a whole.
  refusedFor: (field) => field.replace(/^point\..*/, 'point'),
  async renew() {
    await world.renewEngine();
    await loadSeed();
    forget();
  },
});

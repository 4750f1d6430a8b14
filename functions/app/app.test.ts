import type { Endpoint } from '../../lib/http/endpoint.ts';
import { useWorld } from '../../lib/testing/stage/world.ts';
import { app } from '../../seed/app.ts';
import { planAppContent, planFaqs } from '../../seed/content.ts';
import { faqs } from '../../seed/faqs.ts';
import { handler as listFaqs } from './faqs.ts';
import { handler as getAppInfo } from './info.ts';
import { handler as getSocialAccounts } from './socialAccounts.ts';

const world = useWorld();

const get = (handler: Endpoint, headers: Record<string, string> = {}) =>
  world.call(handler, { method: 'GET', headers });
const load = async (plan: ReturnType<typeof planFaqs>) => (await plan).apply(() => undefined);
const both = (text: string) => ({ en: text, ar: text });

test('getAppInfo shows the texts in the language of the request, and what apps have to know', async () => {
  const { status, body } = await get(getAppInfo);
  expect(status).toBe(200);
  expect(body).toEqual({
    about_us: app.aboutUs.en,
    terms: app.terms.en,
    policy: app.policy.en,
    minimum_version: { android: '1.0.0', ios: '1.0.0' },
    maintenance: false,
  });
  expect((await get(getAppInfo, { 'Accept-Language': 'ar-EG' })).body.about_us).toBe(app.aboutUs.ar);
});

test('getSocialAccounts shows where the shop is found', async () => {
  const { email, phoneNumber: phone_number, instagram, tiktok, website } = app;
  expect((await get(getSocialAccounts)).body).toEqual({ email, phone_number, instagram, tiktok, website });
});

test("listFaqs shows all questions in the operators' order and the language of the request", async () => {
  expect((await get(listFaqs)).body).toEqual(
    faqs.map(({ question, answer }) => ({ question: question.en, answer: answer.en })),
  );
  const arabic = (await get(listFaqs, { 'Accept-Language': 'ar' })).body;
  expect(arabic).toEqual(faqs.map(({ question, answer }) => ({ question: question.ar, answer: answer.ar })));
});

describe.each([
  ['getAppInfo', getAppInfo],
  ['getSocialAccounts', getSocialAccounts],
  ['listFaqs', listFaqs],
] as const)('%s', (_, handler) => {
  test('may be kept for a minute, and answers 304 to a client that has the same', async () => {
    const { headers } = await get(handler);
    expect(headers).toMatchObject({
      'cache-control': 'public, max-age=60',
      Vary: expect.stringContaining('Accept-Language'),
    });
    expect((await get(handler, { 'If-None-Match': headers.etag ?? '' })).status).toBe(304);
  });

  test('reads the table once a minute', async () => {
    world.advance(3_600);
    world.engine.record();
    await Promise.all([get(handler), get(handler)]);
    await get(handler);
    expect(world.engine.calls).toHaveLength(1);
    world.advance(61);
    await get(handler);
    expect(world.engine.calls).toHaveLength(2);
  });
});

describe('loading content', () => {
  let hours = 1;
  /** Functions read the table again after a minute. */
  beforeEach(() => {
    hours += 1;
    world.advance(7_200 * hours);
  });
  afterAll(async () => {
    await load(planAppContent(app));
    await load(planFaqs(faqs));
  });

  test('changes what is shown a minute later, and the order of questions', async () => {
    await load(planFaqs(faqs.toReversed()));
    await load(planAppContent({ ...app, maintenance: true, minimumVersion: { android: '2.1', ios: '3' } }));
    expect((await get(listFaqs)).body.map(({ question }: { question: string }) => question)).toEqual(
      faqs.map(({ question }) => question.en).reverse(),
    );
    expect((await get(getAppInfo)).body).toMatchObject({
      maintenance: true,
      minimum_version: { android: '2.1', ios: '3' },
    });
  });

  test('says what would change, and writes nothing where nothing does', async () => {
    await load(planFaqs(faqs));
    expect(await planFaqs(faqs)).toMatchObject({ added: 0, changed: 0, removed: 0, unchanged: 4, writes: 0 });
    const [first, ...rest] = faqs;
    const added = { question: both('New?'), answer: both('Yes') };
    expect(await planFaqs([...(first ? [first] : []), added])).toMatchObject({
      added: 1,
      removed: rest.length,
      writes: 1,
    });
    expect(await planFaqs(faqs.toReversed())).toMatchObject({ changed: 4, writes: 1 });
    expect(await planFaqs([])).toMatchObject({ removed: 4, writes: 1 });
  });

  test('shows HTML that is safe in texts and answers, and questions as they were written', async () => {
    const html = '<p dir="rtl" onclick="steal()">2 < 3<script>steal()</script></p>';
    await load(planAppContent({ ...app, terms: both(html) }));
    await load(planFaqs([{ question: both('Is <b>2</b> < 3 & 5 > 4?'), answer: both(html) }]));
    const safe = '<p dir="rtl">2 &lt; 3</p>';
    expect((await get(getAppInfo)).body.terms).toBe(safe);
    expect((await get(listFaqs)).body).toEqual([{ question: 'Is 2 < 3 & 5 > 4?', answer: safe }]);
  });

  test.each([
    [{ ...app, email: 'nobody' }, 'seed/app.ts is wrong at app.email: Invalid email address.'],
    [{ ...app, website: 'shop' }, 'app.website: it is no address by https or http.'],
    [{ ...app, website: 'javascript:steal()' }, 'app.website: it is no address by https or http.'],
    [{ ...app, instagram: 'data:text/html,x' }, 'app.instagram'],
    [{ ...app, tiktok: 'file:///etc/passwd' }, 'app.tiktok'],
    [{ ...app, minimumVersion: { android: 'one', ios: '1' } }, 'app.minimumVersion.android'],
    [{ ...app, terms: { en: 'Terms', ar: 'شروط', fr: 'Conditions' } }, 'app.terms: Unrecognized key: "fr".'],
    [{ ...app, extra: true }, 'wrong at app: Unrecognized key: "extra".'],
    [{ ...app, terms: both('x'.repeat(200_000)) }, 'longer than 350000 bytes'],
    [[app], 'seed/app.ts is wrong at app: Invalid input: expected object, received array.'],
  ])('refuses what is wrong with the app %#', async (wanted, place) => {
    await expect(planAppContent(wanted)).rejects.toThrow(place);
  });

  const good = { question: both('How?'), answer: both('So.') };
  test.each([
    [{ faqs: [good] }, 'seed/faqs.ts is wrong at faqs: Invalid input: expected array, received object.'],
    [[good, { ...good, question: { en: '', ar: 'كيف' } }], 'faqs[1].question.en: it holds no text.'],
    [[{ ...good, question: both('<script>steal()</script>') }], 'faqs[0].question.en: it holds no text.'],
    [[{ ...good, answer: both('<p> </p>') }], 'faqs[0].answer.en: it holds no text.'],
    [
      [good, faqs[0], { ...good, answer: both('No.') }],
      'faqs[2].question.en: it is the same question as that of faqs[0].',
    ],
    [[{ ...good, extra: 1 }], 'faqs[0]: Unrecognized key: "extra".'],
  ])('refuses what is wrong with the questions %#', async (wanted, place) => {
    await expect(planFaqs(wanted)).rejects.toThrow(place);
  });
});

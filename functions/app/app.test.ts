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
const translate = (text: string) => ({ en: text, ar: text });

test('getAppInfo returns the texts in the language of the request, the minimum versions and the maintenance flag', async () => {
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

test('getSocialAccounts returns the contact details and social accounts of the shop', async () => {
  const { email, phoneNumber: phone_number, instagram, tiktok, website } = app;
  expect((await get(getSocialAccounts)).body).toEqual({ email, phone_number, instagram, tiktok, website });
});

test("listFaqs returns all questions in the operators' order and the language of the request", async () => {
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
  test('can be cached for a minute, and returns 304 for a matching ETag', async () => {
    const { headers } = await get(handler);
    expect(headers).toMatchObject({
      'cache-control': 'public, max-age=60',
      Vary: expect.stringContaining('Accept-Language'),
    });
    expect((await get(handler, { 'If-None-Match': headers.etag ?? '' })).status).toBe(304);
  });

  test('reads the table at most once a minute', async () => {
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

describe('the content seed', () => {
  let hours = 1;
  /** Functions cache content for a minute, so advance the clock past it. */
  beforeEach(() => {
    hours += 1;
    world.advance(7_200 * hours);
  });
  afterAll(async () => {
    await load(planAppContent(app));
    await load(planFaqs(faqs));
  });

  test('changes texts and the order of questions in responses after a minute', async () => {
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

  test('counts what would change, and plans no write without a change', async () => {
    await load(planFaqs(faqs));
    expect(await planFaqs(faqs)).toMatchObject({ added: 0, changed: 0, removed: 0, unchanged: 4, writes: 0 });
    const [first, ...rest] = faqs;
    const added = { question: translate('New?'), answer: translate('Yes') };
    expect(await planFaqs([...(first ? [first] : []), added])).toMatchObject({
      added: 1,
      removed: rest.length,
      writes: 1,
    });
    expect(await planFaqs(faqs.toReversed())).toMatchObject({ changed: 4, writes: 1 });
    expect(await planFaqs([])).toMatchObject({ removed: 4, writes: 1 });
  });

  test('sanitizes HTML in texts and answers, and keeps questions as plain text', async () => {
    const html = '<p dir="rtl" onclick="steal()">2 < 3<script>steal()</script></p>';
    await load(planAppContent({ ...app, terms: translate(html) }));
    await load(planFaqs([{ question: translate('Is <b>2</b> < 3 & 5 > 4?'), answer: translate(html) }]));
    const safe = '<p dir="rtl">2 &lt; 3</p>';
    expect((await get(getAppInfo)).body.terms).toBe(safe);
    expect((await get(listFaqs)).body).toEqual([{ question: 'Is 2 < 3 & 5 > 4?', answer: safe }]);
  });

  test.each([
    [{ ...app, email: 'invalid' }, 'seed/app.ts is wrong at app.email: Invalid email address.'],
    [{ ...app, website: 'shop' }, 'app.website: it is no address by https or http.'],
    [{ ...app, website: 'javascript:steal()' }, 'app.website: it is no address by https or http.'],
    [{ ...app, instagram: 'data:text/html,x' }, 'app.instagram'],
    [{ ...app, tiktok: 'file:///etc/passwd' }, 'app.tiktok'],
    [{ ...app, minimumVersion: { android: 'one', ios: '1' } }, 'app.minimumVersion.android'],
    [{ ...app, terms: { en: 'Terms', ar: 'شروط', fr: 'Conditions' } }, 'app.terms: Unrecognized key: "fr".'],
    [{ ...app, extra: true }, 'wrong at app: Unrecognized key: "extra".'],
    [{ ...app, terms: translate('x'.repeat(200_000)) }, 'longer than 350000 bytes'],
    [[app], 'seed/app.ts is wrong at app: Invalid input: expected object, received array.'],
  ])('rejects invalid app content, case %#', async (content, place) => {
    await expect(planAppContent(content)).rejects.toThrow(place);
  });

  const good = { question: translate('How?'), answer: translate('So.') };
  test.each([
    [{ faqs: [good] }, 'seed/faqs.ts is wrong at faqs: Invalid input: expected array, received object.'],
    [[good, { ...good, question: { en: '', ar: 'كيف' } }], 'faqs[1].question.en: it holds no text.'],
    [[{ ...good, question: translate('<script>steal()</script>') }], 'faqs[0].question.en: it holds no text.'],
    [[{ ...good, answer: translate('<p> </p>') }], 'faqs[0].answer.en: it holds no text.'],
    [
      [good, faqs[0], { ...good, answer: translate('No.') }],
      'faqs[2].question.en: it is the same question as that of faqs[0].',
    ],
    [[{ ...good, extra: 1 }], 'faqs[0]: Unrecognized key: "extra".'],
  ])('rejects invalid questions, case %#', async (content, place) => {
    await expect(planFaqs(content)).rejects.toThrow(place);
  });
});

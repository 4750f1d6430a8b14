import * as repository from '../../lib/countries/countryRepository.ts';
import { useWorld } from '../../lib/testing/stage/world.ts';
import { handler as listCountries } from './list.ts';

const world = useWorld();

const list = (headers: Record<string, string> = {}) => world.call(listCountries, { method: 'GET', headers });

describe('ListCountries', () => {
  test("returns the seeded countries in the operators' order", async () => {
    const { status, body } = await list();
    expect(status).toBe(200);
    expect(body.map(({ code }: { code: string }) => code)).toEqual(['EG', 'SA', 'AE', 'KW', 'QA', 'OM', 'BH']);
    expect(body[0]).toEqual({ code: 'EG', flag: expect.stringMatching(/^https:/), phone_code: '20', name: 'Egypt' });
    expect(body.map(({ phone_code }: { phone_code: string }) => phone_code).join()).toBe('20,966,971,965,974,968,973');
  });

  test.each([
    ['ar', 'مصر'],
    ['ar-SA;q=0.9, en;q=0.5', 'مصر'],
    ['fr', 'Egypt'],
  ])('returns their names in the language of `Accept-Language: %s`', async (language, name) => {
    const { body, headers } = await list({ 'Accept-Language': language });
    expect(body[0].name).toBe(name);
    expect(headers.Vary).toMatch(/Accept-Language/);
  });

  test('returns a name that operators have stored, and otherwise the name of Intl', async () => {
    const [stored, unnamed] = [await repository.find('QA'), await repository.find('OM')];
    await repository.save({ ...stored, names: { en: 'State of Qatar', ar: 'دولة قطر' } });
    await repository.save({ ...unnamed, names: undefined });
    world.advance(60);
    const namesIn = async (language: string) =>
      (await list({ 'Accept-Language': language })).body.slice(4, 6).map(({ name }: { name: string }) => name);
    expect([await namesIn('en'), await namesIn('ar')]).toEqual([
      ['State of Qatar', 'Oman'],
      ['دولة قطر', 'عُمان'],
    ]);
    await Promise.all([stored, unnamed].map(repository.save));
    world.advance(120);
  });

  test('can be cached for a day, and returns 304 for a matching ETag', async () => {
    const first = await list({ Origin: 'https://shop.example.com' });
    const { etag = '' } = first.headers;
    expect(first.headers).toMatchObject({ 'cache-control': 'public, max-age=86400', Vary: 'Accept-Language, Origin' });
    for (const matching of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const again = await list({ 'If-None-Match': matching, 'Cache-Control': 'no-cache' });
      expect([again.status, again.body, again.headers.etag]).toEqual([304, undefined, etag]);
      expect(again.headers).toMatchObject({ 'cache-control': 'public, max-age=86400' });
    }
    for (const other of ['"other"', 'no etag at all']) {
      expect((await list({ 'If-None-Match': other })).status).toBe(200);
    }
    const arabic = await list({ 'If-None-Match': etag, 'Accept-Language': 'ar' });
    expect([arabic.status, arabic.headers.etag === etag]).toEqual([200, false]);
  });

  test('omits a country within a minute after operators deactivate it', async () => {
    const bahrain = await repository.find('BH');
    await repository.save({ ...bahrain, active: false });
    world.advance(60);
    expect((await list()).body).toHaveLength(6);
    await repository.save(bahrain);
    world.advance(120);
    expect((await list()).body).toHaveLength(7);
  });

  test('reads the table at most once a minute', async () => {
    world.advance(240);
    world.engine.record();
    await Promise.all([list(), list(), list()]);
    await list();
    expect(world.engine.calls.map(({ operation }) => operation)).toEqual(['Query']);
  });

  test('reads again after a failed read', async () => {
    world.advance(360);
    world.engine.fail(() => ({ status: 400, type: 'ValidationException' }));
    expect((await list()).status).toBe(500);
    world.engine.heal();
    expect((await list()).status).toBe(200);
  });
});

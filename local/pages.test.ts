import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { type LocalStack, Place } from '../lib/testing/localStack.ts';

const browserPath = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/google-chrome'].find(
  (path) => path && existsSync(path),
);
/** Debian's Chromium, which `.ci/run` installs. Without any there is nothing to open pages in, which CI may not take for success. */
const withBrowser = browserPath || process.env.CI ? describe : describe.skip;

const phone = '+201009876543';

withBrowser('in a browser', () => {
  const place = new Place();
  let stack: LocalStack;
  let browser: Browser;
  let api: string;
  let site: string;
  /** What a page complained about. */
  const complaints: string[] = [];

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: browserPath ?? '', args: ['--no-sandbox'] });
    await place.findPorts();
    stack = await place.start({}, ['--fresh']).ready();
    [api, site] = [place.url('API_PORT'), place.url('LOCAL_PORT')];
  });
  afterEach(() => expect(complaints.splice(0)).toEqual([]));
  afterAll(async () => {
    await place.leave();
    await browser.close();
  });

  async function open(url: string, options: Parameters<Browser['newPage']>[0] = {}): Promise<Page> {
    const page = await browser.newPage({ locale: 'en-US', ...options });
    page.setDefaultTimeout(120_000);
    page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())));
    page.on('pageerror', (error) => void complaints.push(error.message));
    await page.goto(url);
    return page;
  }
  const askForCode = (phone_number: string) =>
    fetch(`${api}/api/sms/send-auth-otp/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ phone_number, otp_type: 'customer_auth' }),
    });

  test('a code appears in the inbox without a reload, and is copied by a click', async () => {
    const page = await open(site);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.locator('#state.live').waitFor();
    expect((await askForCode(phone)).status).toBe(200);
    const button = page.locator('li', { hasText: phone }).locator('button.code');
    const code = await button.textContent();
    expect(code).toMatch(/^\d{6}$/);
    await button.click();
    await page.getByText('Copied').waitFor();
    // The text is typed into a page's field, for it alone may read the clipboard.
    await page.locator('#to').focus();
    await page.keyboard.press('ControlOrMeta+v');
    expect(await page.locator('#to').inputValue()).toBe(code);
    await page.close();
  });

  test('a message that arrives leaves the focus where it is, and only then moves', async () => {
    await askForCode('+201009876547');
    const page = await open(site);
    const button = page.locator('li', { hasText: '+201009876547' }).locator('button.code');
    await button.focus();
    expect(await page.locator('li.new').count()).toBe(0);
    await askForCode('+201009876548');
    await page.locator('li.new', { hasText: '+201009876548' }).waitFor();
    expect(await button.evaluate('document.activeElement.textContent')).toBe(await button.textContent());
    await page.locator('#to').fill('6547');
    expect(await page.locator('li .to').allTextContents()).toEqual(['+201009876547']);
    await page.locator('#to').fill('no number');
    await page.getByText('No message matches.').waitFor();
    await page.locator('#to').fill('');
    expect(await page.locator('li .to').nth(0).textContent()).toBe('+201009876548');
    await page.close();
  });

  test('an empty inbox says how to ask this API for a code', async () => {
    await fetch(`${site}/api/messages`, { method: 'DELETE' });
    const page = await open(site);
    await page.getByText(`curl ${api}/api/sms/send-auth-otp/`).waitFor();
    await page.close();
  });

  test('the docs page signs in, and tries an operation', async () => {
    const page = await open(`${api}/api/docs/`);
    expect(await page.getByRole('link', { name: 'Inbox' }).getAttribute('href')).toBe(`${site}/`);
    await page.locator('.opblock').first().waitFor();
    await page.locator('#phone').fill('+20 100 987 6544');
    await page.keyboard.press('Enter');
    await page.getByText('Signed in as +201009876544.').waitFor();
    const operation = page.locator('.opblock', { has: page.locator('[data-path="/api/customers/me/"]') }).first();
    await operation.locator('.opblock-summary-control').click();
    await operation.locator('button.execute').click();
    const answer = operation.locator('.live-responses-table');
    await answer.getByText('+201009876544').first().waitFor();
    expect(await answer.locator('tbody .response-col_status').first().textContent()).toContain('200');
    await page.close();
  });

  test('the docs page stays signed in, over a reload and the life of an access token', async () => {
    const page = await open(`${api}/api/docs/#/customers/GetCustomerDetails`);
    await page.locator('.opblock').first().waitFor();
    await page.locator('#phone').fill('+20 100 987 6545');
    await page.keyboard.press('Enter');
    await page.getByText('Signed in as +201009876545.').waitFor();
    await page.reload();
    await page.getByText('Signed in as +201009876545.').waitFor();
    await fetch(`${site}/api/clock`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ advance_seconds: 3600 }),
    });
    await page.locator('button.execute').click();
    await page.locator('.live-responses-table').getByText('+201009876545').first().waitFor();
    await fetch(`${site}/api/clock`, { method: 'DELETE' });
    expect(complaints.splice(0)).toEqual([expect.stringContaining('401')]);
    await page.close();
  });

  test('the docs page says how long to wait for another code', async () => {
    await askForCode('+201009876546');
    const page = await open(`${api}/api/docs/`);
    await page.locator('.opblock').first().waitFor();
    await page.locator('#phone').fill('+20 100 987 6546');
    await page.keyboard.press('Enter');
    await page.getByText(/Too many codes .* Wait \d\d seconds\./).waitFor();
    expect(complaints.splice(0)).toEqual([expect.stringContaining('429')]);
    await page.close();
  });

  test('the request log shows what the API was asked, as it is', async () => {
    const page = await open(`${site}/requests`);
    await page.locator('#state.live').waitFor();
    await fetch(`${api}/api/devices/one?secret=7`);
    await fetch(`${api}/nothing/here`);
    const rows = page.locator('li');
    await rows.filter({ hasText: '/api/devices/one' }).waitFor();
    await rows.filter({ hasText: '404GET /nothing/here' }).waitFor();
    const shown = async (words: string) => {
      await page.locator('#words').fill(words);
      return rows.allTextContents();
    };
    expect(await shown('get /api/devices/one/')).toEqual([
      expect.stringMatching(/^401GET \/api\/devices\/onenot_authenticated\d+ ms/),
    ]);
    expect(await shown('secret')).toEqual([]);
    await page.getByText('No request matches.').waitFor();
    const [{ request_id }] = (await (await fetch(`${site}/api/requests`)).json()) as [{ request_id: string }];
    expect(await shown(request_id)).toEqual([]);
    await page.close();
  });

  test.each(['en-US', 'ar-EG'])('the map asks the API for the point that is clicked (%s)', async (locale) => {
    const page = await open(`${site}/regions`, { locale });
    await page.locator('#state.live').waitFor();
    await page.locator('#map').click();
    await page.getByText(/^GET \/api\/regions\/\?long=.*\n200 /).waitFor();
    expect(await page.locator('#answer').getAttribute('dir')).toBe('ltr');
    await page.close();
  });

  test('the map shows every region from the start, and leaves the wheel to the page', async () => {
    const page = await open(`${site}/regions`, { viewport: { width: 1280, height: 500 } });
    await page.locator('#state.live').waitFor();
    /** How many regions have their color in their middle, names apart. */
    const seen: number = await page.evaluate(`(async () => {
      const { canvas, color, draw, map, toScreen } = await import('/map.js');
      for (const region of map.regions) region.name = { en: '' };
      draw();
      const pen = canvas.getContext('2d', { willReadFrequently: true });
      const rgbOf = (index) => { canvas.style.color = color(index); return getComputedStyle(canvas).color.match(/\\d+/g).join(); };
      const middles = map.regions.map(({ box: [west, south, east, north] }) => toScreen([(west + east) / 2, (south + north) / 2]));
      return middles.filter(([x, y], index) => [...pen.getImageData(x, y, 1, 1).data].slice(0, 3).join() === rgbOf(index)).length;
    })()`);
    expect(seen).toBeGreaterThan(38);

    const scale = () => page.evaluate("import('/map.js').then(({ view }) => view.scale)");
    const before = await scale();
    await page.locator('#map').hover();
    await page.mouse.wheel(0, 100);
    await page.waitForFunction('scrollY > 0');
    expect(await scale()).toBe(before);
    await page.keyboard.down('Control');
    await page.mouse.wheel(0, -100);
    await page.waitForFunction(`import('/map.js').then(({ view }) => view.scale > ${before})`);
    await page.close();
  });

  test.each(['/', '/regions', '/requests'])(
    '%s speaks Arabic, fits a phone, and is reached by keyboard',
    async (path) => {
      const phoneSized = { viewport: { width: 360, height: 700 }, colorScheme: 'dark', locale: 'ar-EG' } as const;
      const page = await open(`${site}${path}`, phoneSized);
      await page.locator('#state.live').waitFor();
      const html = page.locator('html');
      expect([await html.getAttribute('lang'), await html.getAttribute('dir')]).toEqual(['ar', 'rtl']);
      const overflow = await page.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      );
      expect(overflow).toBe(0);
      expect(await page.locator('nav a[aria-current=page]').count()).toBe(1);
      const { height = Number.NaN } = (await page.locator('nav').boundingBox()) ?? {};
      expect(height).toBeLessThan(45);
      await page.keyboard.press('Tab');
      expect(await page.evaluate('document.activeElement.getAttribute("href")')).toBe('/');
      await page.locator('nav .language').click();
      await page.locator('html[dir=ltr]').waitFor();
      await page.close();
    },
  );

  test('pages say that the stack was stopped, and go on when it is there again', async () => {
    const paths = ['/', '/regions', '/requests'];
    const pages = await Promise.all(paths.map((path) => open(`${site}${path}`)));
    for (const page of pages) await page.locator('#state.live').waitFor();
    const docs = await open(`${api}/api/docs/`);
    await docs.locator('.opblock').first().waitFor();
    await stack.interrupt();
    for (const page of pages) {
      await page.getByText('not connected').waitFor();
      expect(await page.locator('button[data-calls]:enabled').count()).toBe(0);
    }
    await docs.locator('#sign-in button').click();
    await docs.getByText('The API does not answer.').waitFor();

    stack = await place.start().ready();
    for (const page of pages) {
      await page.locator('#state.live').waitFor();
      expect(await page.locator('button[data-calls]:disabled').count()).toBe(0);
    }
    // The browser itself reports what could not be reached; scripts throw nothing.
    for (const complaint of complaints.splice(0)) expect(complaint).toContain('net::ERR_');
    await Promise.all([...pages, docs].map((page) => page.close()));
  });
});

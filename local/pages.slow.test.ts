import type { Page } from 'playwright-core';
import { Pages, withBrowser } from '../lib/testing/stage/pages.ts';

const phone = '+201009876543';

/** Returns the navigation entries that are off the screen or overlap another entry. */
async function misplacedLinks(page: Page): Promise<string[]> {
  const entries = await page.locator('nav > *').all();
  const boxes = await Promise.all(entries.map((entry) => entry.boundingBox()));
  const texts = await Promise.all(entries.map((entry) => entry.textContent()));
  const { width } = page.viewportSize() ?? { width: 0 };
  const isReachable = (box: Box | null | undefined, index: number) =>
    box &&
    box.x >= 0 &&
    box.x + box.width <= width &&
    boxes.every((other, at) => at === index || (other && !overlap(box, other)));
  return texts.flatMap((text, index) => (isReachable(boxes[index], index) ? [] : [String(text)]));
}

type Box = { x: number; y: number; width: number; height: number };

function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

withBrowser('in a browser', () => {
  const pages = new Pages();

  test('an OTP appears in the inbox without a reload, and a click copies it', async () => {
    const page = await pages.open(pages.site);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.locator('#state.live').waitFor();
    expect((await pages.requestOtp(phone)).status).toBe(200);
    const button = page.locator('li', { hasText: phone }).locator('button.code');
    const code = await button.textContent();
    expect(code).toMatch(/^\d{6}$/);
    await button.click();
    await page.getByText('Copied').waitFor();
    // Only the page itself may read the clipboard, so the test pastes the code into a field.
    await page.locator('#to').focus();
    await page.keyboard.press('ControlOrMeta+v');
    expect(await page.locator('#to').inputValue()).toBe(code);
    await page.close();
  });

  test('a new message does not move the focus, and appears once the focus leaves', async () => {
    await pages.requestOtp('+201009876547');
    const page = await pages.open(pages.site);
    const button = page.locator('li', { hasText: '+201009876547' }).locator('button.code');
    await button.focus();
    expect(await page.locator('li.new').count()).toBe(0);
    await pages.requestOtp('+201009876548');
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

  test('an e-mail appears with its HTML in a sandboxed frame, right to left in Arabic', async () => {
    const Data = (text: string) => ({ Data: text });
    const html = '<html dir="rtl"><body><p style="font-size:32px">123456</p></body></html>';
    const Simple = { Subject: Data('رمزك'), Body: { Text: Data('123456 هو رمزك'), Html: Data(html) } };
    const body = {
      FromEmailAddress: 'shop@example.com',
      Destination: { ToAddresses: ['mona@example.com'] },
      Content: { Simple },
    };
    const sent = await fetch(`${pages.site}/ses/v2/email/outbound-emails`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(sent.status).toBe(200);
    const page = await pages.open(pages.site);
    const card = page.locator('li', { hasText: 'mona@example.com' });
    const frame = card.frameLocator('iframe.email');
    const { height = 0 } = (await frame.locator('p').boundingBox()) ?? {};
    // The styles of the e-mail apply.
    expect(height).toBeGreaterThan(32);
    expect(await card.locator('iframe').getAttribute('sandbox')).toBe('');
    expect(await card.locator('.subject').getAttribute('dir')).toBe('rtl');
    expect(await card.locator('button.code').textContent()).toBe('123456');
    await page.locator('#to').fill('mona@exam');
    expect(await page.locator('li .to').allTextContents()).toEqual(['mona@example.com']);
    await page.close();
  });

  test('an empty inbox says how to request an OTP from this API', async () => {
    await fetch(`${pages.site}/api/messages`, { method: 'DELETE' });
    const page = await pages.open(pages.site);
    await page.getByText(`curl ${pages.api}/api/sms/send-auth-otp/`).waitFor();
    await page.close();
  });

  test('the request log shows the requests unchanged', async () => {
    const page = await pages.open(`${pages.site}/requests`);
    await page.locator('#state.live').waitFor();
    await fetch(`${pages.api}/api/devices/one?secret=7`);
    await fetch(`${pages.api}/nothing/here`);
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
    const [{ request_id }] = (await (await fetch(`${pages.site}/api/requests`)).json()) as [{ request_id: string }];
    expect(await shown(request_id)).toEqual([]);
    await page.close();
  });

  test('the request log shows why a request failed, and its body without secrets after a click', async () => {
    const page = await pages.open(`${pages.site}/requests`);
    await page.locator('#state.live').waitFor();
    const post = (path: string, body: object) =>
      fetch(pages.api + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    await fetch(`${pages.api}/api/docs/docs.js/`);
    await post('/api/customers/authenticate/', {
      phone_number: '12',
      otp: '918273',
      device: { registration_id: 'push-secret', type: 'fridge' },
    });
    await post('/api/customer/auth', { password: 'blue tea 42 cups' });
    const row = page.locator('li', { hasText: '/api/customers/authenticate/' });
    expect(await row.locator('.error').allTextContents()).toEqual([
      'phone_number: invalid',
      'device.type: invalid_choice',
      'language: required',
    ]);
    expect(await row.locator('pre').isVisible()).toBe(false);
    await row.getByText('Body').click();
    await row.getByText('"phone_number": "12"').waitFor();
    await page.locator('li .error', { hasText: /^email: / }).waitFor();
    const everything = await (await fetch(`${pages.site}/api/requests`)).text();
    for (const secret of ['918273', 'push-secret', 'blue tea', 'docs.js']) expect(everything).not.toContain(secret);
    await page.close();
  });

  test.each(['en-US', 'ar-EG'])('a click on the map requests the region of that point (%s)', async (locale) => {
    const page = await pages.open(`${pages.site}/regions`, { locale });
    await page.locator('#state.live').waitFor();
    await page.locator('#map').click();
    await page.getByText(/^GET \/api\/regions\/\?long=.*\n200 /).waitFor();
    expect(await page.locator('#answer').getAttribute('dir')).toBe('ltr');
    await page.close();
  });

  test('the map shows every region at the start, and does not capture the mouse wheel', async () => {
    const page = await pages.open(`${pages.site}/regions`, { viewport: { width: 1280, height: 500 } });
    await page.locator('#state.live').waitFor();
    /** The number of regions whose color is visible in their center, without names on top. */
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
    '%s is available in Arabic, fits a phone, and works with the keyboard',
    async (path) => {
      const phoneSized = { viewport: { width: 360, height: 700 }, colorScheme: 'dark', locale: 'ar-EG' } as const;
      const page = await pages.open(`${pages.site}${path}`, phoneSized);
      await page.locator('#state.live').waitFor();
      const html = page.locator('html');
      expect([await html.getAttribute('lang'), await html.getAttribute('dir')]).toEqual(['ar', 'rtl']);
      const overflow = await page.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      );
      expect(overflow).toBe(0);
      expect(await page.locator('nav a[aria-current=page]').count()).toBe(1);
      expect(await misplacedLinks(page)).toEqual([]);
      await page.keyboard.press('Tab');
      expect(await page.evaluate('document.activeElement.getAttribute("href")')).toBe('/');
      await page.locator('nav .language').click();
      await page.locator('html[dir=ltr]').waitFor();
      await page.close();
    },
  );

  test.each(['en-US', 'ar-EG'])('the navigation fits a phone in any font (%s)', async (locale) => {
    const page = await pages.open(`${pages.site}/requests`, {
      viewport: { width: 320, height: 700 },
      locale,
      bypassCSP: true,
    });
    await page.locator('#state.live').waitFor();
    for (const font of ['14px serif', '16px monospace', 'bold 24px sans-serif']) {
      await page.addStyleTag({ content: `nav, nav > * { font: ${font} !important; }` });
      expect({ font, misplaced: await misplacedLinks(page) }).toEqual({ font, misplaced: [] });
    }
    await page.close();
  });

  test('pages say that the stack was stopped, and continue after a restart', async () => {
    const paths = ['/', '/regions', '/requests'];
    const opened = await Promise.all(paths.map((path) => pages.open(`${pages.site}${path}`)));
    for (const page of opened) await page.locator('#state.live').waitFor();
    const docs = await pages.open(`${pages.api}/api/docs/`);
    await docs.locator('.opblock').first().waitFor();
    await pages.stack.interrupt();
    for (const page of opened) {
      await page.getByText('not connected').waitFor();
      expect(await page.locator('button[data-calls]:enabled').count()).toBe(0);
    }
    await docs.getByRole('button', { name: 'Sign in', exact: true }).click();
    await docs.getByText('The API does not answer.').waitFor();

    pages.stack = await pages.runner.start().ready();
    for (const page of opened) {
      await page.locator('#state.live').waitFor();
      expect(await page.locator('button[data-calls]:disabled').count()).toBe(0);
    }
    // The browser itself reports failed requests. Scripts throw no errors.
    for (const error of pages.pageErrors.splice(0)) expect(error).toContain('net::ERR_');
    await Promise.all([...opened, docs].map((page) => page.close()));
    // The test starts the stack a second time.
  }, 120_000);
});

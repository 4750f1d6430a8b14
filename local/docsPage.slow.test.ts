import type { Page } from 'playwright-core';
import { Pages, withBrowser } from '../lib/testing/pages.ts';

withBrowser('the docs page', () => {
  const pages = new Pages();

  /** Opens an operation by the link to it: `customers/GetCustomerDetails`. */
  async function openAt(operation: string): Promise<Page> {
    const page = await pages.open(`${pages.api}/api/docs/#/${operation}`);
    await page.locator('button.execute').waitFor();
    return page;
  }
  async function signIn(page: Page, phone: string): Promise<void> {
    await page.locator('#phone').fill(phone);
    await page.keyboard.press('Enter');
  }
  /** Tries the operation that is open; answers its status and its body. */
  async function execute(page: Page): Promise<[string | null, string | null]> {
    await page.locator('button.execute').click();
    const answer = page.locator('.live-responses-table tbody');
    const text = (what: string) => answer.locator(what).first().textContent();
    return [await text('.response-col_status'), await text('.response-col_description')];
  }

  test('signs in with the test number that it names, again and again', async () => {
    const page = await openAt('customers/GetCustomerDetails');
    await page.getByText('The test number +201000000000 signs in with the code 123456').waitFor();
    for (const _ of [1, 2, 3]) {
      const signedIn = page.waitForResponse((response) => response.url().endsWith('/authenticate/'));
      await page.getByRole('button', { name: 'Sign in' }).click();
      expect((await signedIn).ok()).toBe(true);
      await page.getByText('Signed in as +201000000000.').waitFor();
    }
    await page.close();
  });

  test.each([
    'customers/UpdateCustomer',
    'customers/UpdateCustomerByForm',
    'addresses/CreateAddress',
    'addresses/UpdateAddressByForm',
    'devices/devices_create',
    'devices/devices_update',
    'auth/refresh_token_create',
    'password/signup',
    'password/availability',
  ])('sends the sample of %s as it is, and it succeeds', async (operation) => {
    const page = await openAt(operation);
    await signIn(page, '+201000000000');
    await page.getByText('Signed in as +201000000000.').waitFor();
    expect((await execute(page))[0]).toMatch(/^20/);
    await page.close();
  });

  test.each([1280, 375])('shows an operation on a few screens at a width of %i', async (width) => {
    const page = await openAt('customers/UpdateCustomer');
    await page.setViewportSize({ width, height: 800 });
    expect((await page.locator('.opblock.is-open').boundingBox())?.height).toBeLessThan(2_200);
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
    await page.close();
  });

  test.each([
    ['customers/GetCustomerDetails', '+201009876541', '200', '"phone_number": "+201009876541"'],
    ['auth/logoutAllDevices', '+201009876542', '204', ''],
    ['password/signup', '+201009876543', '200', '"code": 200'],
  ])('tries %s for who signed in', async (operation, phone, status, body) => {
    const page = await openAt(operation);
    await signIn(page, phone);
    await page.getByText(`Signed in as ${phone}.`).waitFor();
    expect(await execute(page)).toEqual([expect.stringContaining(status), expect.stringContaining(body)]);
    await page.close();
  });

  test('stays signed in, over a reload and the life of an access token', async () => {
    const page = await openAt('customers/GetCustomerDetails');
    await signIn(page, '+20 100 987 6545');
    await page.getByText('Signed in as +201009876545.').waitFor();
    await page.reload();
    await page.getByText('Signed in as +201009876545.').waitFor();
    await fetch(`${pages.site}/api/clock`, { method: 'POST', body: '{"advance_seconds": 3600}' });
    expect(await execute(page)).toEqual(['200', expect.stringContaining('+201009876545')]);
    expect(pages.complaints.splice(0)).toEqual([expect.stringContaining('401')]);
    await page.close();
  });

  test('says how long to wait for another code', async () => {
    await pages.askForCode('+201009876546');
    const page = await openAt('auth/sendOTP');
    await signIn(page, '+20 100 987 6546');
    await page.getByText(/Too many codes .* Wait \d\d seconds\./).waitFor();
    await page.getByRole('button', { name: 'Skip the wait' }).click();
    await page.getByText('Signed in as +201009876546.').waitFor();
    expect(pages.complaints.splice(0)).toEqual([expect.stringContaining('429')]);
    await page.close();
  });

  test('links to the other pages of the stack', async () => {
    const page = await openAt('auth/sendOTP');
    expect(await page.getByRole('link', { name: 'Inbox' }).getAttribute('href')).toBe(`${pages.site}/`);
    await page.close();
  });
});

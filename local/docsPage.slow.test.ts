import type { Locator, Page } from 'playwright-core';
import { Pages, withBrowser } from '../lib/testing/stage/pages.ts';

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
  /** Executes the open operation. Returns the status and the body of the response. */
  async function execute(container: Page | Locator): Promise<[string | null, string | null]> {
    await container.locator('button.execute').click();
    const response = container.locator('.live-responses-table tbody');
    const text = (selector: string) => response.locator(selector).first().textContent();
    return [await text('.response-col_status'), await text('.response-col_description')];
  }

  test('signs in with the test number of a fresh stack, any number of times', async () => {
    const page = await openAt('customers/GetCustomerDetails');
    await page.getByText('The test number +201000000000 signs in with the code 123456').waitFor();
    for (const _ of [1, 2, 3]) {
      const signedIn = page.waitForResponse((response) => response.url().endsWith('/authenticate/'));
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      expect((await signedIn).ok()).toBe(true);
      await page.getByText('Signed in as +201000000000.').waitFor();
    }
    expect(await page.getByRole('link', { name: 'Inbox' }).getAttribute('href')).toBe(`${pages.site}/`);
    await page.close();
  });

  describe('in one visit', () => {
    let page: Page;
    beforeAll(async () => {
      page = await pages.open(`${pages.api}/api/docs/`);
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      await page.getByText('Signed in as +201000000000.').waitFor();
    });
    afterAll(() => page.close());

    test.each(['customers-UpdateCustomerByForm', 'addresses-UpdateAddressByForm', 'devices-devices_create'])(
      'shows %s on a few screens of a desktop and of a phone',
      async (operation) => {
        const block = page.locator(`[id="operations-${operation}"]`);
        await block.locator('.opblock-summary-control').click();
        await block.locator('button.execute').waitFor();
        for (const width of [1280, 375]) {
          await page.setViewportSize({ width, height: 800 });
          const { height = 0 } = (await block.boundingBox()) ?? {};
          expect(height).toBeLessThan(2_000);
          expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
        }
        await block.locator('.opblock-summary-control').click();
      },
    );

    test.each([
      ['customers', ['UpdateCustomer', 'UpdateCustomerByForm', 'AuthenticateCustomer', 'setPassword']],
      ['addresses', ['DeleteAddress', 'CreateAddress', 'UpdateAddress', 'UpdateAddressByForm']],
      ['devices', ['devices_update', 'devices_create', 'devices_destroy', 'devices_retrieve']],
      ['auth', ['reauthenticate', 'revokeSession', 'refresh_token_create', 'refresh_token_create']],
      ['password', ['signup', 'signup', 'login', 'availability', 'verifyPhone', 'resetPassword']],
    ])('sends the samples of %s, which succeed unchanged: %j', async (tag, operations) => {
      for (const operation of operations) {
        const block = page.locator(`[id="operations-${tag}-${operation}"]`);
        await block.locator('.opblock-summary-control').click();
        expect([operation, ...(await execute(block)).slice(0, 1)]).toEqual([operation, expect.stringMatching(/^20/)]);
        await block.locator('.opblock-summary-control').click();
      }
    });

    test('finds a notification to read', async () => {
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      await page.getByText('Signed in as +201000000000.').waitFor();
      const block = page.locator('[id="operations-notifications-readNotification"]');
      await block.locator('.opblock-summary-control').click();
      expect((await execute(block))[0]).toBe('204');
    });
  });

  test('signs in a customer with the OTP in the inbox, and out again', async () => {
    const page = await openAt('auth/logoutAllDevices');
    await signIn(page, '+201009876542');
    await page.getByText('Signed in as +201009876542.').waitFor();
    expect((await execute(page))[0]).toBe('204');
    await page.getByText('Signed out.').waitFor();
    await page.close();
  });

  test('stays signed in after a reload and after the expiry of an access token', async () => {
    const page = await openAt('customers/GetCustomerDetails');
    await signIn(page, '+20 100 987 6545');
    await page.getByText('Signed in as +201009876545.').waitFor();
    await page.reload();
    await page.getByText('Signed in as +201009876545.').waitFor();
    await fetch(`${pages.site}/api/clock`, { method: 'POST', body: '{"advance_seconds": 3600}' });
    expect(await execute(page)).toEqual(['200', expect.stringContaining('+201009876545')]);
    expect(pages.pageErrors.splice(0)).toEqual([expect.stringContaining('401')]);
    await page.close();
  });

  test('says how long to wait before another OTP can be sent', async () => {
    await pages.requestOtp('+201009876546');
    const page = await openAt('auth/sendOTP');
    await signIn(page, '+20 100 987 6546');
    await page.getByText(/Too many codes .* Wait \d\d seconds\./).waitFor();
    await page.getByRole('button', { name: 'Skip the wait' }).click();
    await page.getByText('Signed in as +201009876546.').waitFor();
    expect(pages.pageErrors.splice(0)).toEqual([expect.stringContaining('429')]);
    await page.close();
  });
});

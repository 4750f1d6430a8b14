import { existsSync } from 'node:fs';
import { jest } from '@jest/globals';
import { type Browser, chromium, type Page } from 'playwright-core';
import { type LocalStack, StackRunner } from './localStack.ts';

const browserPath = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/google-chrome'].find(
  (path) => path && existsSync(path),
);
/**
 * Skips the tests if there is no browser. In CI they fail instead. `.ci/run` installs Debian's
 * Chromium.
 */
export const withBrowser = browserPath || process.env.CI ? describe : describe.skip;

/** Limits the wait for an element that never appears. A start may be slow on a busy machine. */
const timeoutMs = 60_000;
const startMs = 120_000;

/**
 * A running stack and a browser for one test file. A test fails if a page logs an error, unless the
 * test removes it from `pageErrors`.
 */
export class Pages {
  readonly runner = new StackRunner();
  readonly pageErrors: string[] = [];
  stack!: LocalStack;
  #browser!: Browser;

  constructor() {
    jest.setTimeout(timeoutMs);
    beforeAll(async () => {
      this.#browser = await chromium.launch({ executablePath: browserPath ?? '', args: ['--no-sandbox'] });
      await this.runner.findPorts();
      this.stack = await this.runner.start({}, ['--fresh']).ready();
    }, startMs);
    afterEach(() => expect(this.pageErrors.splice(0)).toEqual([]));
    afterAll(async () => {
      await this.runner.stop();
      await this.#browser.close();
    }, startMs);
  }

  get api(): string {
    return this.runner.url('API_PORT');
  }

  get site(): string {
    return this.runner.url('LOCAL_PORT');
  }

  async open(url: string, options: Parameters<Browser['newPage']>[0] = {}): Promise<Page> {
    const page = await this.#browser.newPage({ locale: 'en-US', ...options });
    page.setDefaultTimeout(timeoutMs);
    page.on('console', (message) => void (message.type() === 'error' && this.pageErrors.push(message.text())));
    page.on('pageerror', (error) => void this.pageErrors.push(error.message));
    await page.goto(url);
    return page;
  }

  requestOtp(phone_number: string): Promise<Response> {
    return fetch(`${this.api}/api/sms/send-auth-otp/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ phone_number, otp_type: 'customer_auth' }),
    });
  }
}

import { signedFetch } from '../signedFetch.ts';

/** Twice what SNS needs at worst, and a function has time left then to give back what a send has taken. */
const timeoutMs = 8_000;

/** What SNS refuses; its name is the code that SNS gives: `OptedOut`, `Throttled` … */
class SnsRefusal extends Error {
  constructor(code: string) {
    super('SNS refused a call.');
    this.name = code;
  }
}

/**
 * Makes one call to SNS by its query protocol, once more when SNS is busy.
 * @see https://docs.aws.amazon.com/sns/latest/api/CommonParameters.html
 */
export async function askSns(action: string, parameters: Record<string, string>): Promise<void> {
  const body = new URLSearchParams({ Action: action, Version: '2010-03-31', ...parameters }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const request = { method: 'POST', headers, body, timeoutMs, retries: 1 };
  await signedFetch('sns', '', request, async (response) => {
    if (response.ok) return;
    const [, code = `Status${response.status}`] = /<Code>(\w+)<\/Code>/.exec(await response.text()) ?? [];
    throw new SnsRefusal(code);
  });
}

export const { API_URL = 'http://localhost:3000', INBOX_URL = 'http://localhost:4000' } = process.env;
export const { PHONE = '+201001234567' } = process.env;

/** Reads the OTP from the inbox of the local stack, which stands in for a phone. */
export async function readCode(): Promise<string> {
  const messages = await fetch(`${INBOX_URL}/api/messages?to=${encodeURIComponent(PHONE)}`);
  const [newest] = (await messages.json()) as { text: string }[];
  return newest?.text.match(/\b\d{6}\b/)?.[0] ?? '';
}

const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
export const picture = new Blob([Buffer.from(pixel, 'base64')], { type: 'image/png' });

/** Prints the profile after the upload as JSON, for a calling program. */
export function show({ id, full_name, image }: { id: number; full_name: string; image: string | null }): void {
  process.stdout.write(`${JSON.stringify({ id, full_name, image })}\n`);
}

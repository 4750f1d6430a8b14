import type { Endpoint } from '../http/endpoint.ts';
import { restEvent, type TestRequest } from './event.ts';
import type { Answer, World } from './world.ts';

type Value = string | Blob;
export type FormFields = Record<string, Value | Value[]>;

/** Sends a form as browsers and phones do, in base64 as API Gateway hands it over. */
export async function callWithForm(
  world: World,
  handler: Endpoint,
  request: TestRequest,
  fields: FormFields,
): Promise<Answer> {
  const form = new FormData();
  for (const [name, values] of Object.entries(fields))
    for (const value of [values].flat()) form.append(name, value as Blob);
  const encoded = new Response(form);
  const headers = { 'Content-Type': encoded.headers.get('content-type') ?? '' };
  const event = restEvent({ ...request, headers });
  const body = Buffer.from(await encoded.arrayBuffer()).toString('base64');
  return world.send(handler, { ...event, body, isBase64Encoded: true });
}

export function file(bytes: Buffer, type = 'image/jpeg'): Blob {
  return new Blob([new Uint8Array(bytes)], { type });
}

/** What the bucket holds of a customer, as S3's XML. */
export async function listImages(customerId: number): Promise<string> {
  return (await fetch(`${process.env.IMAGES_URL}?list-type=2&prefix=images/${customerId}/`)).text();
}

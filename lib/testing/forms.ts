import type { Endpoint } from '../http/endpoint.ts';
import type { TestRequest } from './event.ts';
import type { TestResponse, World } from './world.ts';

type Value = string | Blob;
export type FormFields = Record<string, Value | Value[]>;

/** Sends a form as browsers and phones do, in base64 as API Gateway passes it on. */
export async function callWithForm(
  world: World,
  handler: Endpoint,
  request: TestRequest,
  fields: FormFields,
): Promise<TestResponse> {
  const { body, headers } = await asForm(fields);
  return world.call(handler, { ...request, body, headers: { ...request.headers, ...headers } });
}

export async function asForm(fields: FormFields): Promise<{ body: Buffer; headers: Record<string, string> }> {
  const form = new FormData();
  for (const [name, values] of Object.entries(fields))
    for (const value of [values].flat()) form.append(name, value as Blob);
  const encoded = new Response(form);
  const headers = { 'Content-Type': encoded.headers.get('content-type') ?? '' };
  return { body: Buffer.from(await encoded.arrayBuffer()), headers };
}

export function file(bytes: Buffer, type = 'image/jpeg'): Blob {
  return new Blob([new Uint8Array(bytes)], { type });
}

/** Lists the images of a customer in the bucket, as S3's XML. */
export async function listImages(customerId: number): Promise<string> {
  return (await fetch(`${process.env.IMAGES_URL}?list-type=2&prefix=images/${customerId}/`)).text();
}

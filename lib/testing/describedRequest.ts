import type { DescribedOperation } from './apiDocument.ts';
import type { TestRequest } from './event.ts';
import { asForm, type FormFields } from './forms.ts';

/** Values of parameters by name; an odd one may be refused. */
export type Values = Record<string, { value: unknown; isOdd: boolean }>;

/** Values of parameters, where they belong. */
export function placed({ parameters }: DescribedOperation, values: Values): Pick<TestRequest, 'params' | 'query'> {
  const inPlace = (place: string) =>
    Object.fromEntries(
      parameters
        .filter(({ name, in: own }) => own === place && values[name]?.value !== undefined)
        .map(({ name }) => [name, texts(values[name]?.value)]),
    );
  return { params: inPlace('path') as Record<string, string>, query: inPlace('query') };
}

function texts(value: unknown): string | string[] {
  return Array.isArray(value) ? value.map(String) : String(value);
}

/** A body in the media type that the document asks for, beside what says who calls. */
export async function encoded(
  { body }: DescribedOperation,
  sent: unknown,
  { headers, ...caller }: Pick<TestRequest, 'token' | 'headers'>,
): Promise<Pick<TestRequest, 'body' | 'token' | 'headers'>> {
  const form = body?.mediaType === 'multipart/form-data' ? await asForm(sent as FormFields) : undefined;
  const fields =
    body?.mediaType === 'application/x-www-form-urlencoded' && new URLSearchParams(sent as Record<string, string>);
  return {
    ...caller,
    ...(sent !== undefined && { body: fields ? fields.toString() : (form?.body ?? sent) }),
    headers: { ...headers, ...form?.headers, ...(fields && { 'Content-Type': body?.mediaType ?? '' }) },
  };
}

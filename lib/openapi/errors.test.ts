import * as z from 'zod';
import { errors } from '../errors.ts';
import { toFieldErrors } from '../http/validationErrors.ts';
import { document, exampleValue, nameOf, type Operation, responses } from '../testing/openapi/describedApi.ts';
import { useWorld } from '../testing/stage/world.ts';
import { loadEndpoint } from './openapi.ts';
import { readRoutes } from './routes.ts';

useWorld();

describe('documented errors', () => {
  const failures = responses.filter(
    ({ status, response }) => status >= '400' && !response.content?.['application/json']?.example,
  );
  const examplesOf = ({ response }: (typeof failures)[number]) =>
    Object.entries(response.content?.['application/json']?.examples ?? {});
  const codesOf = (operationId: string) =>
    failures
      .filter((failure) => failure.operationId === operationId)
      .flatMap((failure) => examplesOf(failure).map(([code]) => code));

  test('have examples, which are named by their codes', () => {
    for (const failure of failures) {
      expect(examplesOf(failure)).not.toEqual([]);
      for (const [code, example] of examplesOf(failure)) {
        const { errors } = exampleValue(example) as { errors: { code: string }[] };
        if (Array.isArray(errors)) for (const error of errors) expect(error.code).toBe(code);
      }
    }
  });

  test('are exactly the errors that an operation can return', () => {
    expect(codesOf('UpdateCustomer')).toEqual(expect.arrayContaining(['unique', 'does_not_exist', 'invalid_choice']));
    expect(codesOf('UpdateCustomer')).not.toContain('required');
    expect(codesOf('devices_update')).toEqual(expect.arrayContaining(['unique', 'required']));
    expect(codesOf('devices_partial_update')).toContain('unique');
    expect(codesOf('devices_partial_update')).not.toContain('required');
    expect(codesOf('signup')).toEqual(expect.arrayContaining(['unique', 'too_common', 'min_length']));
    expect(codesOf('updateNotificationPreferences')).toContain('invalid_choice');
  });

  test('of surface A list no code that only operators see', () => {
    const { enum: codes } = document.components.schemas.ErrorItem.properties.code;
    const shown = failures.filter(
      ({ response }) => nameOf(response.content?.['application/json']?.schema ?? {}) === 'ErrorBody',
    );
    expect(codes.toSorted()).toEqual(
      [...new Set(shown.flatMap((failure) => examplesOf(failure).map(([code]) => code)))].toSorted(),
    );
    for (const code of ['currency_mismatch', 'insufficient_funds', 'balance_too_large'])
      expect(codes).not.toContain(code);
  });

  test('name the field as the request does', () => {
    const { examples = {} } =
      document.paths['/api/customer/profile/phone-verify'].post.responses[423].content['application/json'];
    for (const code of ['otp_invalid', 'otp_expired'])
      expect(Object.keys(examples[code].value.errors.errorDetails)).toEqual(['verification_code']);
  });

  test('mention failing fields only where the response names them', () => {
    for (const failure of failures.filter(({ status }) => status === '400' || status === '423')) {
      const text = JSON.stringify(examplesOf(failure).map(([, example]) => exampleValue(example)));
      const isNamed = /"attr":"|"errorDetails":\{/.test(text);
      expect([failure.operationId, /Every failing field is named/.test(failure.response.description)]).toEqual([
        failure.operationId,
        isNamed,
      ]);
    }
  });

  test.each(readRoutes())('$method $path returns its examples of field errors', async ({ file, method, path }) => {
    const { contract } = await loadEndpoint(file);
    const operation: Operation | undefined = document.paths[path]?.[method.toLowerCase()];
    const samples = Object.values(operation?.requestBody?.content['application/json']?.examples ?? {});
    if (!operation || !(contract.body instanceof z.ZodObject) || !samples[0]) return;
    const sample = samples[0].value as Record<string, unknown>;
    const declared = contract.fieldErrors ?? [];
    const values = [undefined, null, {}, 'x', '', '\0', 'x'.repeat(10_000), 0, 'x y'];
    const parsed = new Set<string>();
    for (const name of Object.keys(contract.body.shape))
      for (const value of values) {
        const { error } = await contract.body.safeParseAsync({ ...sample, [name]: value }, { reportInput: true });
        for (const { attr, code } of error ? toFieldErrors(error, contract.body) : []) parsed.add(`${attr} ${code}`);
      }
    const shown = failures.filter(({ operationId }) => operationId === contract.operationId).flatMap(examplesOf);
    for (const [code, example] of shown) {
      for (const attr of attrsOf(exampleValue(example))) {
        const isDeclared =
          declared.some((error) => error.code === code && error.attr === attr) ||
          Object.values(errors).some((error) => error.code === code);
        if (!isDeclared) expect([...parsed]).toContain(`${attr} ${code}`);
      }
    }
  });
});

function attrsOf(body: unknown): string[] {
  const { errors } = body as { errors: { attr: string | null }[] | { errorDetails: object } };
  if (!Array.isArray(errors)) return Object.keys(errors.errorDetails);
  return errors.flatMap(({ attr }) => attr ?? []);
}

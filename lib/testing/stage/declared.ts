import * as z from 'zod';
import { ApiError, errors, ValidationError } from '../../errors.ts';
import { type FieldDetail, type FieldErrorCode, fieldDetails, fieldErrors } from '../../errorTexts.ts';
import type { Contract } from '../../http/contract.ts';
import { chooseErrorFormat, type ErrorFormat } from '../../http/errorFormats.ts';
import { errorOf } from '../../openapi/errors.ts';
import { commonErrors } from '../../openapi/openapi.ts';
import { codeOfText } from '../openapi/rejections.ts';

/**
 * Returns whether a contract declares a response: its status and, for errors, also the code. The
 * envelope has texts instead of codes, and operators write the text of a suspension.
 */
export function isDeclared(
  contract: Contract,
  { path, status, body }: { path: string; status: number; body: unknown },
): boolean {
  if (status in contract.returns || (status === 304 && contract.cacheControl)) return true;
  if (status === errors.accountSuspended.status && contract.errors?.includes('accountSuspended')) return true;
  const declared = listDeclared(contract, chooseErrorFormat(contract, path));
  return codesOf(body).every((code) => declared.has(`${status} ${code}`));
}

const known = new WeakMap<Contract, Map<ErrorFormat, ReadonlySet<string>>>();

/** Lists the statuses and codes of a contract's errors, once for thousands of requests. */
function listDeclared(contract: Contract, errorFormat: ErrorFormat): ReadonlySet<string> {
  const ofContract = known.get(contract) ?? new Map<ErrorFormat, ReadonlySet<string>>();
  known.set(contract, ofContract);
  const listed = ofContract.get(errorFormat);
  if (listed) return listed;
  const names = [...(contract.errors ?? []), ...commonErrors(contract)];
  const brokenForm = contract.accepts ? [new ApiError('parseError', { detail: 'brokenForm' })] : [];
  const all = [...names.map((name) => errorOf(name, contract)), ...brokenForm, ...badFields(contract, errorFormat)];
  const failures = all.map((error) => errorFormat.failure(error, 'en'));
  const declared = new Set(
    failures.flatMap((failure) => codesOf(failure.body).map((code) => `${failure.status} ${code}`)),
  );
  ofContract.set(errorFormat, declared);
  return declared;
}

/** Returns all possible field errors. An error format may report some fields differently. */
function badFields({ params, query, body }: Contract, { rejectsPaths }: ErrorFormat): ValidationError[] {
  const schemas = [query, body, rejectsPaths && params].filter((schema) => schema instanceof z.ZodType);
  const attrs = schemas.flatMap((schema) => [
    'field',
    'non_field_errors',
    ...(schema instanceof z.ZodObject ? Object.keys(schema.shape) : []),
  ]);
  const codes = Object.keys(fieldErrors) as FieldErrorCode[];
  const details = Object.keys(fieldDetails) as FieldDetail[];
  return [...new Set(attrs)].flatMap((attr) => [
    ...codes.map((code) => new ValidationError([{ attr, code }])),
    ...details.map((detail) => new ValidationError([{ attr, code: 'invalid', detail }])),
  ]);
}

/**
 * Returns the error codes of a body in any error format. The envelope has no codes, so it yields
 * the failing fields with the codes of their texts, or the English message.
 */
function codesOf(body: unknown): string[] {
  const { errors, type, message_ar: isEnvelope, message } = body as Record<string, unknown>;
  if (Array.isArray(errors)) return errors.map(({ code }: { code: string }) => code);
  const { errorDetails } = (errors ?? {}) as { errorDetails?: Record<string, string[]> | [] };
  if (errorDetails && !Array.isArray(errorDetails)) {
    const details = Object.entries(errorDetails);
    return details.flatMap(([field, texts]) => texts.map((text) => `${field} ${codeOfText(text)}`));
  }
  return [String(isEnvelope ? message : type)];
}

import { errors } from '../errors.ts';
import type { Contract } from '../http/contract.ts';
import { dialectOf } from '../http/dialects.ts';
import { commonErrors } from '../http/openapi.ts';

/** Whether a contract says that this status can be answered. */
export function isDeclared(contract: Contract, status: number): boolean {
  const { returns, errors: own = [], cacheControl, params, query, body } = contract;
  const { badFieldsStatus, refusesPaths } = dialectOf(contract);
  const hasFields = query || body || (refusesPaths && params);
  if (status in returns || (status === 304 && cacheControl) || (status === badFieldsStatus && hasFields)) return true;
  return [...own, ...commonErrors(contract)].some((name) => errors[name].status === status);
}

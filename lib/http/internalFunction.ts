import type { Context } from 'aws-lambda';
import type * as z from 'zod';
import { ApiError, type ErrorName, errors, ValidationError } from '../errors.ts';
import { loggable, logger } from '../logger.ts';
import { standard } from './errorFormats.ts';
import { toFieldErrors } from './validationErrors.ts';

/** Contract of a function without a route, which operators and services invoke by IAM. */
export interface OperationContract {
  summary: string;
  input: z.ZodType;
  returns: z.ZodType;
  errors?: readonly ErrorName[];
}

export interface Operation {
  (event: unknown, context?: Context): Promise<unknown>;
  contract: OperationContract;
}

/**
 * Makes the Lambda handler of an operation. A rejected request returns an error like the API's:
 * `{type, errors: [{code, detail, attr}]}`. Our own faults, throttling included, are thrown for the
 * caller's retries and alarms.
 */
export function internalFunction<const C extends OperationContract>(
  contract: C,
  handle: (input: z.output<C['input']>) => Promise<z.input<C['returns']>>,
): Operation {
  const run = async (event: unknown, context?: Context) => {
    const input = await contract.input.safeParseAsync(event ?? {}, { reportInput: true });
    const log = (problem?: string) =>
      logger.info('function_completed', {
        request_id: context?.awsRequestId,
        function: context?.functionName,
        problem,
      });
    try {
      if (input.error) throw new ValidationError(toFieldErrors(input.error, contract.input));
      const response = contract.returns.parse(await handle(input.data as z.output<C['input']>));
      log();
      return response;
    } catch (error) {
      if (!isRejection(error)) {
        logger.error('function_failed', { request_id: context?.awsRequestId, error: loggable(error) });
        throw error;
      }
      log(error instanceof ApiError ? error.errorName : 'validation');
      return standard.failure(error, 'en').body;
    }
  };
  return Object.assign(run, { contract });
}

function isRejection(error: unknown): boolean {
  return error instanceof ValidationError || (error instanceof ApiError && errors[error.errorName].status < 429);
}

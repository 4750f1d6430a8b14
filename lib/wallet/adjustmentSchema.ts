import * as z from 'zod';
import { choice, code, text } from '../http/fields.ts';
import { optionalOperatorFields } from '../operators/operatorSchema.ts';
import type { Adjustment } from '../wallet/adjust.ts';
import { isCurrency, minorUnits, mostMinorUnits, toDecimal } from './money.ts';
import { type Entry, transactionTypes } from './walletRepository.ts';

const currency = z.string().refine(isCurrency, code('invalid_choice'));

const Money = z.object({ amount: z.string().regex(/^\d{1,100}(\.\d{1,100})?$/), currency });

/**
 * The request of an operator. An amount is a decimal string without a sign. It has at most the
 * decimals of its currency.
 */
export const WalletAdjustment = z
  .object({
    customer_id: z.int().min(1),
    transaction_type: choice(transactionTypes),
    ...Money.shape,
    reference: text({ max: 255 }),
    idempotency_key: text({ max: 255 }),
    ...optionalOperatorFields,
  })
  // Checked even if other fields are invalid, so that the response names all errors at once.
  .superRefine(checkAmount, { when: ({ value }) => Money.safeParse(value).success })
  .transform(
    (request): Adjustment => ({
      customerId: request.customer_id,
      type: request.transaction_type,
      amountMinor: minorUnits(request.amount, request.currency) ?? 0,
      currency: request.currency,
      reference: request.reference,
      idempotencyKey: request.idempotency_key,
      operator: request.operator,
      reason: request.reason,
    }),
  );

function checkAmount({ amount, currency }: { amount: string; currency: string }, context: z.RefinementCtx): void {
  const minor = minorUnits(amount, currency);
  const most = mostMinorUnits(currency);
  const reject = (rule: ReturnType<typeof code>) => context.addIssue({ code: 'custom', path: ['amount'], ...rule });
  if (minor === undefined) reject(code('invalid'));
  else if (minor === 0) reject(code('min_value', { min: Number(toDecimal(1, currency)) }));
  else if (minor > most) reject(code('max_value', { max: Number(toDecimal(most, currency)) }));
}

export const LedgerEntry = z.object({
  id: z.int(),
  transaction_type: z.enum(transactionTypes),
  amount: z.string().describe('Decimal. Negative for a debit.'),
  currency: z.string(),
  reference: z.string(),
  created_at: z.iso.datetime(),
});
export type LedgerEntry = z.infer<typeof LedgerEntry>;

export function showEntry({ id, type, amountMinor, currency, reference, createdAtMs }: Entry): LedgerEntry {
  return {
    id,
    transaction_type: type,
    amount: toDecimal(amountMinor, currency),
    currency,
    reference,
    created_at: new Date(createdAtMs).toISOString(),
  };
}

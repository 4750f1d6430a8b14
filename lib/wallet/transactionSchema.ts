import * as z from 'zod';
import { id } from '../http/fields.ts';
import type { Language } from '../languages.ts';
import { toDecimal } from './money.ts';
import { type Entry, transactionTypes } from './walletRepository.ts';

export const WalletTransaction = z
  .object({
    id: id.describe('Identifies the transaction.'),
    transaction_type: z.enum(transactionTypes).describe('The reason of the transaction.'),
    transaction_type_text: z.string().describe("The type in the customer's language."),
    amount: z.string().describe('Decimal. Negative for a debit.'),
    created_at: z.iso.datetime().describe('In UTC.'),
  })
  .meta({ id: 'WalletTransaction' });
export type WalletTransaction = z.infer<typeof WalletTransaction>;

const texts: Record<Entry['type'], Record<Language, string>> = {
  REFUND: { en: 'Refund', ar: 'استرداد' },
  FINE: { en: 'Fine', ar: 'غرامة' },
  PAYOUT: { en: 'Payout', ar: 'سحب رصيد' },
  CHARGING: { en: 'Top-up', ar: 'شحن رصيد' },
  ORDER_PAYMENT: { en: 'Order payment', ar: 'دفع طلب' },
  CANCEL_ORDER: { en: 'Cancelled order', ar: 'إلغاء طلب' },
  SHARE: { en: 'Shared balance', ar: 'مشاركة رصيد' },
  CASH_RECEIVE: { en: 'Cash received', ar: 'استلام نقدي' },
};

export function showTransaction(
  { id, type, amountMinor, currency, createdAtMs }: Entry,
  language: Language,
): WalletTransaction {
  return {
    id,
    transaction_type: type,
    transaction_type_text: texts[type][language],
    amount: toDecimal(amountMinor, currency),
    created_at: new Date(createdAtMs).toISOString(),
  };
}

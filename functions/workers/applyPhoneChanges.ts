import { applyDuePhoneChanges } from '../../lib/customers/applyPhoneChange.ts';

/** Applies the changes of phones that have waited long enough. A schedule invokes it. */
export const handler = (): Promise<void> => applyDuePhoneChanges();

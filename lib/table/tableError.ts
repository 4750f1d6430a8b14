import type { Item } from './expressions.ts';

interface Details {
  /** The item that failed the condition of a single write. */
  item: Item | undefined;
  /** The results of a transaction's writes, in their order. */
  cancellationReasons: readonly { code: string; item: Item | undefined }[];
}

/** Error of DynamoDB. It is named like DynamoDB's error: `ConditionalCheckFailedException`. */
export class TableError extends Error {
  // Lambda logs the fields of an error, and items hold personal data.
  readonly #details: Details;

  constructor(name: string, message = name, details: Details = { item: undefined, cancellationReasons: [] }) {
    super(message);
    this.name = name;
    this.#details = details;
  }

  get item(): Details['item'] {
    return this.#details.item;
  }

  get cancellationReasons(): Details['cancellationReasons'] {
    return this.#details.cancellationReasons;
  }
}

import { randomUUID } from 'node:crypto';
import { nowSeconds } from '../../lib/clock.ts';

/** An SMS or a push as the customer's phone would get it. */
export interface Message {
  id: string;
  kind: 'sms' | 'push';
  /** An E.164 number or a push token. */
  to: string;
  text: string;
  /** What the message was published with beside its text. */
  payload: Record<string, unknown>;
  created_at: string;
}

const most = 1_000;

/** What the sandbox has delivered, newest first. Whoever listens is told of each change. */
export class Messages {
  #messages: Message[] = [];
  readonly #listeners = new Set<() => void>();

  deliver(message: Pick<Message, 'kind' | 'to' | 'text' | 'payload'>): Message {
    const delivered = { id: randomUUID(), ...message, created_at: new Date(nowSeconds() * 1000).toISOString() };
    this.#messages = [delivered, ...this.#messages].slice(0, most);
    this.#tell();
    return delivered;
  }

  list(to?: string): Message[] {
    return to ? this.#messages.filter((message) => message.to === to) : this.#messages;
  }

  clear(): void {
    this.#messages = [];
    this.#tell();
  }

  /** Returns how to stop listening. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

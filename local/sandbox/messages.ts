import { randomUUID } from 'node:crypto';
import { nowSeconds } from '../../lib/clock.ts';
import { Feed } from '../feed.ts';

/** An SMS, push or e-mail as the customer would receive it. */
export interface Message {
  id: string;
  kind: 'sms' | 'push' | 'email';
  /** An E.164 number, a push token or an e-mail address. */
  to: string;
  text: string;
  /** The other parameters of the publication. An e-mail has `subject` and `html`. */
  payload: Record<string, unknown>;
  created_at: string;
}

/** The delivered messages, newest first. */
export class Messages extends Feed<Message> {
  deliver(message: Pick<Message, 'kind' | 'to' | 'text' | 'payload'>): Message {
    return this.add({ id: randomUUID(), ...message, created_at: new Date(nowSeconds() * 1000).toISOString() });
  }

  list(to?: string): Message[] {
    return to ? this.all().filter((message) => message.to === to) : this.all();
  }
}

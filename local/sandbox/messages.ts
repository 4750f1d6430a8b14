import { randomUUID } from 'node:crypto';
import { nowSeconds } from '../../lib/clock.ts';
import { Feed } from '../feed.ts';

/** An SMS or push as the customer's phone would receive it. */
export interface Message {
  id: string;
  kind: 'sms' | 'push';
  /** An E.164 number or a push token. */
  to: string;
  text: string;
  /** The other parameters of the publication. */
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

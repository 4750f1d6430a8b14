import { createHash } from 'node:crypto';
import type { Key } from '../../lib/table/keys.ts';

/**
 * | item                    | pk               | sk                   | read to             |
 * | ----------------------- | ---------------- | -------------------- | ------------------- |
 * | pet                     | PET#<id>         | PET                  | show, change        |
 * | the same                | STATUS#<status>  | PET#<id>             | find by status      |
 * | the same                | TAG#<name>       | PET#<id>             | find by tags        |
 * | pets of each status     | INVENTORY        | SHARD#<number>       | count               |
 * | order                   | ORDER#<id>       | ORDER                | show                |
 * | user                    | USER#<username>  | USER                 | show, log in        |
 * | session                 | USER#<username>  | SESSION#<token hash> | find out who calls  |
 * | calls of an hour        | USER#<username>  | CALLS#<hour>         | limit them          |
 */
export const petKey = (id: number): Key => ({ pk: `PET#${id}`, sk: 'PET' });
export const statusPartition = (status: string) => `STATUS#${status}`;
export const tagPartition = (name: string) => `TAG#${name}`;
export const petPrefix = 'PET#';
export const listedKey = (pk: string, id: number): Key => ({ pk, sk: `${petPrefix}${id}` });

/** Splits the counts over several items, so that concurrent changes do not conflict. */
const shards = 16;
export const inventoryPartition = 'INVENTORY';
export const shardKey = (petId: number): Key => ({ pk: inventoryPartition, sk: `SHARD#${petId % shards}` });

export const orderKey = (id: number): Key => ({ pk: `ORDER#${id}`, sk: 'ORDER' });

const ofUser = (username: string, sk: string): Key => ({ pk: `USER#${username}`, sk });
export const userKey = (username: string) => ofUser(username, 'USER');
export const callsKey = (username: string) => ofUser(username, 'CALLS');
export const sessionKey = (username: string, secret: string) =>
  ofUser(username, `SESSION#${createHash('sha256').update(secret).digest('base64url')}`);

import { setTimeout } from 'node:timers/promises';
import { nowSeconds } from '../clock.ts';
import { config } from '../config.ts';
import { ApiError, fail } from '../errors.ts';
import { loggable, logger } from '../logger.ts';
import * as loginFailures from '../repositories/loginFailures.ts';
import { limitCalls } from '../repositories/sends.ts';
import { findAccount, type Identifier } from './account.ts';
import { rightCode } from './checkCode.ts';
import { clientNetwork } from './clientNetwork.ts';
import { hashPassword } from './passwords.ts';
import { replacePassword } from './replacePassword.ts';
import { sendCode } from './sendCode.ts';

const type = 'password_reset';

/**
 * Sends a code to the proven phone of an account. Nobody is told whether there is one: neither by the answer, nor by the
 * time it takes, nor by a limit of the phone or a failure to send.
 * @throws throttled
 */
export async function sendResetCode(identifier: Identifier, clientAddress: string): Promise<void> {
  await limitCalls(clientNetwork(clientAddress), 'PASSWORD_REQUESTS', config.passwordRequestsPerAddressPerHour);
  await Promise.all([sendIfKnown(identifier, clientAddress), setTimeout(config.passwordRequestMs)]);
}

async function sendIfKnown(identifier: Identifier, clientAddress: string): Promise<void> {
  const { customer } = await findAccount(identifier);
  if (!customer?.phoneNumber) return;
  const phone = { number: customer.phoneNumber, country: customer.countryCode };
  try {
    await sendCode({ phone, type, appId: undefined, language: customer.language, clientAddress });
  } catch (error) {
    if (error instanceof ApiError) logger().info('no code for a password', { problem: error.problem });
    else logger().error('no code for a password', { error: loggable(error) });
  }
}

interface Reset extends Identifier {
  code: string;
  password: string;
  clientAddress: string;
}

/**
 * Sets the password of an account whose proven phone got the code, and ends all its sessions.
 * @throws wrongCode whatever is wrong with the code or the account; throttled
 */
export async function resetPassword({ code: typed, password, clientAddress, ...identifier }: Reset): Promise<void> {
  const name = `reset ${identifier.email ?? identifier.phone?.number}`;
  const [tried, account] = await Promise.all([
    loginFailures.takeTry(name, clientNetwork(clientAddress), nowSeconds()),
    findAccount(identifier),
  ]);
  if (!tried.done) return fail('throttled', { retryAfterSeconds: tried.waitSeconds });
  const { customer } = account;
  const phone = customer?.phoneNumber ?? '';
  const code = await rightCode(phone, type, typed);
  if (!customer || !code) return fail('wrongCode');
  const hash = await hashPassword(password);
  const isDone = await replacePassword(customer.id, { hash, account, proof: { phone, code }, also: [tried.success] });
  if (!isDone) fail('wrongCode');
}

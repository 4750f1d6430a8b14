import { errors, importJWK, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import * as z from 'zod';
import { readSecret } from '../aws/secrets.ts';
import { nowSeconds } from '../clock.ts';
import { config } from '../config/config.ts';
import { newId } from '../table/ids.ts';
import { algorithm, PublicKey, readPublicKeys } from './publicKeys.ts';
import { isUnused, type Session } from './sessionRepository.ts';

const audience = 'customer-backend';
const types = { access: 'at+jwt', refresh: 'rt+jwt' } as const;

/**
 * The private keys of a stage. `current` signs. `next` waits until every verifier has read its
 * public key.
 */
const PrivateKey = PublicKey.extend({ d: z.string() });
export const SigningKeys = z.object({ current: PrivateKey, next: PrivateKey });
const SigningKey = SigningKeys.transform(async ({ current }) => ({
  kid: current.kid,
  key: await importJWK(current, algorithm),
}));

const numericText = z
  .string()
  .regex(/^\d{1,16}$/)
  .transform(Number);

const AccessClaims = z
  .object({ sub: numericText, sid: numericText })
  .transform(({ sub, sid }) => ({ customerId: sub, sessionId: sid }));

/**
 * `parent` is the id of the last used refresh token. `branch` says that this token was issued for
 * another one than the last used.
 */
const RefreshClaims = z
  .object({
    sub: numericText,
    sid: numericText,
    jti: z.string(),
    parent: z.string(),
    branch: z.boolean().default(false),
  })
  .transform(({ sub, sid, jti, parent, branch }) => ({
    customerId: sub,
    sessionId: sid,
    tokenId: jti,
    parentId: parent,
    isBranch: branch,
  }));
export type RefreshClaims = z.output<typeof RefreshClaims>;

export interface Tokens {
  access: string;
  refresh: string;
}

/**
 * Issues an access token and a refresh token (ES256 JWTs) for a session. The refresh token is a
 * successor of the last used one. The first one has the id of the session, so that a repeated
 * sign-in gets the same refresh token, and not a second one beside it.
 */
export async function issueTokens(session: Session, { isBranch = false } = {}): Promise<Tokens> {
  const subject = { sub: String(session.customerId), sid: String(session.id) };
  const jti = String(isUnused(session) ? session.id : newId());
  const [access, refresh] = await Promise.all([
    sign(types.access, subject, nowSeconds() + config.accessTokenSeconds),
    sign(
      types.refresh,
      { ...subject, jti, parent: session.usedTokens[0].id, ...(isBranch && { branch: true }) },
      session.expiresAtSeconds,
    ),
  ]);
  return { access, refresh };
}

/**
 * Returns the claims of an access token, or undefined if it is not ours, of another stage, or
 * expired.
 */
export function verifyAccessToken(token: string): Promise<z.output<typeof AccessClaims> | undefined> {
  return verify(types.access, token, AccessClaims);
}

/**
 * Returns the claims of a refresh token, or undefined if it is not ours, of another stage, or
 * expired.
 */
export function verifyRefreshToken(token: string): Promise<RefreshClaims | undefined> {
  return verify(types.refresh, token, RefreshClaims);
}

/**
 * Reads the key that {@link issueTokens} signs with. A sign-in calls it first: a later failure
 * would have used up its OTP or refresh token.
 * @throws unavailable
 */
export async function readSigningKey(): Promise<void> {
  await readSecret('signing-keys', SigningKey);
}

async function sign(typ: string, claims: JWTPayload, expiresAtSeconds: number): Promise<string> {
  const { kid, key } = await readSecret('signing-keys', SigningKey);
  return new SignJWT(claims)
    .setProtectedHeader({ alg: algorithm, typ, kid })
    .setIssuer(config.tokenIssuer)
    .setAudience(audience)
    .setIssuedAt(nowSeconds())
    .setExpirationTime(expiresAtSeconds)
    .sign(key);
}

async function verify<S extends z.ZodType>(typ: string, token: string, claims: S): Promise<z.output<S> | undefined> {
  const { forVerifying } = await readPublicKeys();
  const currentDate = new Date(nowSeconds() * 1000);
  const expected = { algorithms: [algorithm], issuer: config.tokenIssuer, audience, typ, currentDate };
  try {
    const { payload } = await jwtVerify(token, forVerifying, expected);
    return claims.safeParse(payload).data;
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}

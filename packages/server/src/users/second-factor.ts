// Whether a code proves the second factor of a user. Every code proves it once: a time step that was accepted is remembered, a recovery code
// is used up, both in the transaction that acts on it.
import { AppError } from '@sallyport/core';
import type { Services } from '../services.ts';
import type { Tables } from '../storage/store.ts';
import { bare, hashRecoveryCode, isTotpCode, totpStepOf } from './totp.ts';
import type { TotpRow, UserRow } from './user-store.ts';

/**
 * Uses a code up.
 * @param asked.user as read in the same transaction, with a second factor
 * @returns the user as stored afterwards; null: the code is wrong, too old, or was used before
 */
export async function useSecondFactor(
  tables: Pick<Tables, 'users' | 'recoveryCodes'>,
  asked: { user: UserRow; code: string; nowMs: number },
  { rootKey }: Pick<Services, 'rootKey'>,
): Promise<UserRow | null> {
  const { user, code, nowMs } = asked;
  const { totp } = user;
  if (totp === null) return null;
  if (!isTotpCode(code)) {
    return (await tables.recoveryCodes.use(user.id, hashRecoveryCode(user.id, code))) ? user : null;
  }
  const secret = rootKey.decrypt(totp.encryptedSecret, user.id);
  const step = totpStepOf(secret, { code: bare(code), nowMs });
  if (step === null || step <= totp.lastStep) return null;
  const used: TotpRow = { ...totp, lastStep: step };
  const updated = { ...user, totp: used };
  await tables.users.update(updated);
  return updated;
}

/**
 * What wrong codes are counted by: all addresses together, since whoever gets here has the password already, and six digits are soon tried.
 */
export function secondFactorSubject(user: Pick<UserRow, 'id'>): { account: null; address: string } {
  return { account: null, address: `second factor of ${user.id}` };
}

export function secondFactorRequired(): AppError {
  return new AppError('second-factor-required', {
    publicMessage:
      'This user has a second factor: give the code that the authenticator app shows, or a recovery code.',
  });
}

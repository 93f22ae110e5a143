// The second factor: time-based codes (RFC 6238) of an authenticator app, and recovery codes for when the app is lost. The app's side is
// common ground (SHA-1, six digits, 30 seconds), since apps take nothing else reliably.
import { hash, randomBytes } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';
import type { UserId } from '@sallyport/core';

export const TOTP_STEP_MS = 30_000;
/** Clocks may differ by so many steps. */
const STEPS_OFF_MAX = 1;
/** 160 bits, the length of an HMAC-SHA-1 key (RFC 4226, 4). */
const SECRET_BYTES = 20;

export const RECOVERY_CODES = 10;
const CODE_CHARACTERS = 16;
// Crockford's base 32: what is read for another character is taken for the one that is meant.
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const MISREAD: Readonly<Record<string, string>> = { o: '0', i: '1', l: '1' };

export function newTotpSecret(): Uint8Array {
  return randomBytes(SECRET_BYTES);
}

/** What an authenticator app is told: the secret in base 32, and all of it as an `otpauth://` address. */
export function describeTotp(
  secret: Uint8Array,
  account: { name: string; host: string },
): { secret: string; uri: string } {
  const totp = totpOf(secret, { label: account.name, issuer: `Sallyport ${account.host}` });
  return { secret: totp.secret.base32, uri: totp.toString() };
}

/**
 * The time step that a code is of; null: of none near now.
 * @param code six digits
 */
export function totpStepOf(
  secret: Uint8Array,
  { code, nowMs }: { code: string; nowMs: number },
): number | null {
  const delta = totpOf(secret, {}).validate({ token: code, timestamp: nowMs, window: STEPS_OFF_MAX });
  return delta === null ? null : Math.floor(nowMs / TOTP_STEP_MS) + delta;
}

/** Whether a text is meant as a code of the app; anything else may be a recovery code. */
export function isTotpCode(text: string): boolean {
  return /^\d{6}$/.test(bare(text));
}

/** Without the blanks that people put between the digits. */
export function bare(text: string): string {
  return text.replaceAll(/[\s-]/g, '').toLowerCase();
}

/** Codes to be shown once, e.g. `7k2m-9qxr-…`: 80 random bits each. */
export function newRecoveryCodes(): string[] {
  return Array.from({ length: RECOVERY_CODES }, () => {
    const characters = Array.from(randomBytes(CODE_CHARACTERS), (byte) => ALPHABET.charAt(byte % 32));
    return characters.join('').replaceAll(/.{4}(?=.)/g, '$&-');
  });
}

/** SHA-256, hex: 80 random bits need no slow hash. Bound to the user, so that equal rows say nothing. */
export function hashRecoveryCode(userId: UserId, code: string): string {
  const meant = Array.from(bare(code), (character) => MISREAD[character] ?? character).join('');
  return hash('sha256', `${userId} ${meant}`, 'hex');
}

function totpOf(secret: Uint8Array, account: { label?: string; issuer?: string }): TOTP {
  const buffer = Uint8Array.from(secret).buffer;
  return new TOTP({ ...account, algorithm: 'SHA1', digits: 6, period: 30, secret: new Secret({ buffer }) });
}

// Up to where this browser has verified the trail of each account, so that a past that was rewritten since, or an end that was cut off, shows the
// next time even where no delegate has signed. A number and a hash; nothing of what records say.
import type { SeenHead } from '@sallyport/sdk/browser-audit';

const KEY = 'sallyport.audit-head.';
const HASH = /^[0-9a-f]{64}$/;

type TextStorage = Pick<Storage, 'getItem' | 'setItem'>;

/** @returns null when nothing of this account was seen, or what is stored is damaged */
export function seenHeadOf(accountId: string, storage: TextStorage = localStorage): SeenHead | null {
  try {
    const stored = JSON.parse(storage.getItem(KEY + accountId) ?? 'null') as Partial<SeenHead> | null;
    const { sequence, hash, seenAtMs } = stored ?? {};
    const isWhole = Number.isSafeInteger(sequence) && Number.isSafeInteger(seenAtMs) && HASH.test(hash ?? '');
    return isWhole ? (stored as SeenHead) : null;
  } catch {
    return null;
  }
}

/** Remembers a head that was verified. A browser that keeps nothing goes without. */
export function rememberHead(accountId: string, head: SeenHead, storage: TextStorage = localStorage): void {
  const { sequence, hash, seenAtMs } = head;
  try {
    storage.setItem(KEY + accountId, JSON.stringify({ sequence, hash, seenAtMs }));
  } catch {
    // A private window, or a full storage: the next verification has nothing to compare with, and says so.
  }
}

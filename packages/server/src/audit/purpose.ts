// What a caller says that it needs a secret for: one line of text, which goes into the audit trail.
import { PURPOSE_MAX_CHARACTERS } from '@sallyport/protocol';

const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}]*$/u;

/** Whether it may stand in the trail. */
export function isPurpose(text: string): boolean {
  return text.length <= PURPOSE_MAX_CHARACTERS && PRINTABLE.test(text);
}

// A start-up profile while somebody edits it: what is typed, what is still missing, and what is sent.
import { parseSelectors } from '@sallyport/core';
import type { CreateDelegateProfile, DelegateProfile, EditDelegateProfile } from '@sallyport/protocol';
import { SCRIPT_MAX_SECONDS } from '@sallyport/protocol/client';
import { complaintOf } from '../ui/field-errors.ts';
import { readScript } from './read-script.ts';

export type ProfileDraft = {
  name: string;
  script: string;
  selectors: string[];
  /** Seconds; null: as long as is usual. */
  maxSeconds: number | null;
};

export const EMPTY_PROFILE: ProfileDraft = { name: '', script: '', selectors: [], maxSeconds: null };

export function profileDraftOf({ name, script, selectors, maxSeconds }: DelegateProfile): ProfileDraft {
  return { name, script, selectors, maxSeconds };
}

export type ProfileComplaints = Partial<Record<keyof ProfileDraft, string>>;

/** What keeps the draft from being sent, field by field; empty: nothing. */
export function judgeProfile({ name, script, selectors, maxSeconds }: ProfileDraft): ProfileComplaints {
  const scriptComplaint =
    script.trim() === '' ? 'Write what delegates are to run.' : readScript(script).complaint;
  const selectorComplaint = complaintOf(() => parseSelectors(selectors), '');
  const isInBounds =
    maxSeconds === null ||
    (Number.isInteger(maxSeconds) && maxSeconds >= 1 && maxSeconds <= SCRIPT_MAX_SECONDS);
  return {
    ...(name.trim() === '' ? { name: 'It needs a name.' } : {}),
    ...(scriptComplaint === null ? {} : { script: scriptComplaint }),
    ...(selectorComplaint === null ? {} : { selectors: selectorComplaint }),
    ...(isInBounds ? {} : { maxSeconds: `1 to ${SCRIPT_MAX_SECONDS} seconds, or nothing.` }),
  };
}

/** What to send for a draft without complaints. */
export function profileInputOf({ name, script, selectors, maxSeconds }: ProfileDraft): CreateDelegateProfile {
  return { name: name.trim(), script, selectors, maxSeconds };
}

/** Refused when somebody else has changed script or time limit meanwhile. */
export function profileChanges(draft: ProfileDraft, before: DelegateProfile): EditDelegateProfile {
  return { ...profileInputOf(draft), runAgain: false, expectedRevision: before.revision };
}

/** Whether delegates that have run it would run it again. */
export function runsAnew(draft: ProfileDraft, before: DelegateProfile): boolean {
  return draft.script !== before.script || draft.maxSeconds !== before.maxSeconds;
}

// The state of the form for a secrets manager: what is typed, which fields were visited, and what trying and saving it came to. The secret
// key is in the draft only, and goes with the page.
import { useState } from 'react';
import { isAppError } from '@sallyport/sdk/browser';
import type { PreflightOutcome, SecretsManagerView } from '@sallyport/protocol';
import { useAction } from '../client/operations.ts';
import { fieldMessage } from '../ui/field-errors.ts';
import { FIELD_OF_CODE, judgeDraft, judgeForTest, judgeRegion } from './judge-draft.ts';
import type { Complaints, DraftField } from './judge-draft.ts';
import { hasOtherSettings, settingsOf } from './manager-draft.ts';
import type { ManagerDraft } from './manager-draft.ts';
import { TESTED } from './forgets.ts';
import type { LivePreflight } from './live-preflight.ts';
import { useLivePreflight } from './use-live-preflight.ts';
import type { Watching } from './use-live-preflight.ts';
import { useSaveManager } from './use-save-manager.ts';

export type ManagerForm = {
  draft: ManagerDraft;
  saved: SecretsManagerView | null;
  change: (part: Partial<ManagerDraft>) => void;
  /** Puts another draft in its place. */
  replace: (draft: ManagerDraft) => void;
  /**
   * The person left the field: what is wrong with it may be said. Of one that is still empty nothing is said before the settings are
   * used: who only passes by may come back, and the complaint would move the page under the click that leads away.
   */
  leave: (field: DraftField) => void;
  errorOf: (field: DraftField) => string | null;
  /** What trying the settings came to. */
  trial: Trial;
  test: () => void;
  save: () => void;
  isBusy: boolean;
  /** Counts attempts that were stopped by what is wrong with fields. */
  stopped: number;
  /** Complain about rows of the usage scope that are not finished. */
  complainsAboutScope: boolean;
};

export type Trial = {
  of: 'test' | 'save';
  isRunning: boolean;
  /** Delegates are asked: not where only the name or the scope is saved. */
  isTrying: boolean;
  /** What is told of it while it runs. */
  live: LivePreflight;
  /** Calls it off. */
  stop: () => void;
  outcome: PreflightOutcome | null;
  /** What went wrong beyond what delegates report, unless it stands beside a field. */
  error: unknown;
  /** The settings have changed since. */
  isOutdated: boolean;
};

type Attempt = { of: 'test' | 'save'; draft: ManagerDraft };

/** @param saved what it is an edit of; null: a new one */
export function useManagerForm(
  initial: () => ManagerDraft,
  saved: SecretsManagerView | null,
  onSaved: (name: string) => void,
): ManagerForm {
  const [draft, setDraft] = useState(initial);
  const [left, setLeft] = useState<ReadonlySet<DraftField>>(new Set());
  const [complaining, setComplaining] = useState<'test' | 'save' | null>(null);
  const [stopped, setStopped] = useState(0);
  const [attempt, setAttempt] = useState<Attempt>({ of: 'test', draft });
  const watching = useLivePreflight();
  const testing = useTest(draft, saved, watching);
  const saving = useSaveManager({ draft, saved, watching, onSaved });
  const complaints = complaintsOf(draft, saved, complaining);
  const action = attempt.of === 'test' ? testing : saving;
  const unchangedError = attempt.draft === draft ? action.error : null;

  const start = (of: 'test' | 'save', run: () => void): void => {
    const found = of === 'test' ? judgeForTest(draft, saved) : judgeDraft(draft, saved);
    setComplaining(of);
    if (Object.keys(found).length > 0) {
      setStopped(stopped + 1);
      return;
    }
    setAttempt({ of, draft });
    run();
  };
  const errorOf = (field: DraftField): string | null => {
    const complaint = complaints[field] ?? null;
    const isShown = complaining !== null || left.has(field);
    // A region that is not the key's is said at once, wherever the person is.
    const atOnce = field === 'region' && draft.region !== '' ? judgeRegion(draft) : null;
    return (isShown ? complaint : atOnce) ?? serverComplaint(unchangedError, field);
  };
  return {
    draft,
    saved,
    change: (part) => setDraft({ ...draft, ...part }),
    replace: setDraft,
    leave: (field) => {
      if (draft[field].length > 0) setLeft(new Set([...left, field]));
    },
    errorOf,
    trial: {
      of: attempt.of,
      isRunning: action.isPending,
      isTrying:
        action.isPending && (attempt.of === 'test' || saved === null || hasOtherSettings(draft, saved)),
      live: watching.live,
      stop: watching.stop,
      outcome: outcomeIn(attempt.of === 'test' ? testing.data : undefined, action.error),
      error: isBesideField(action.error) ? null : withoutOutcome(action.error),
      isOutdated: attempt.draft !== draft,
    },
    test: () => start('test', () => testing.mutate()),
    save: () => start('save', () => saving.mutate()),
    isBusy: testing.isPending || saving.isPending,
    stopped,
    complainsAboutScope: complaining === 'save',
  };
}

function complaintsOf(
  draft: ManagerDraft,
  saved: SecretsManagerView | null,
  complaining: 'test' | 'save' | null,
): Complaints {
  const all = judgeDraft(draft, saved);
  if (complaining !== 'test') return all;
  // A test needs no name, so it does not complain about one that is not there yet.
  return judgeForTest(draft, saved);
}

/** Tries the settings as typed; of a saved one that was not changed, as they are saved. */
// oxlint-disable-next-line typescript/explicit-function-return-type -- the type is that of the hook it wraps
function useTest(draft: ManagerDraft, saved: SecretsManagerView | null, { begin }: Watching) {
  return useAction(
    async (client) =>
      saved === null || hasOtherSettings(draft, saved)
        ? client.call('preflightSettings', { body: { settings: settingsOf(draft) }, ...begin() })
        : client.call('testSecretsManager', { params: { secretsManager: saved.id }, ...begin() }),
    { forgets: TESTED },
  );
}

function serverComplaint(error: unknown, field: DraftField): string | null {
  return isAppError(error) && FIELD_OF_CODE[error.code] === field ? fieldMessage(error, error.code) : null;
}

function isBesideField(error: unknown): boolean {
  return isAppError(error) && FIELD_OF_CODE[error.code] !== undefined;
}

/** What delegates reported, also where that is why nothing was saved. */
function outcomeIn(tested: PreflightOutcome | undefined, error: unknown): PreflightOutcome | null {
  if (isAppError(error, 'preflight-failed')) {
    const { preflight } = error.data;
    return typeof preflight === 'object' && preflight !== null ? (preflight as PreflightOutcome) : null;
  }
  return error === null ? (tested ?? null) : null;
}

function withoutOutcome(error: unknown): unknown {
  return isAppError(error, 'preflight-failed') && outcomeIn(undefined, error) !== null ? null : error;
}

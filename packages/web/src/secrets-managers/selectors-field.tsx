// Which delegates may do the work: those that have all of these selectors. Says at once which ones that would be.
import { TagsInput, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { missingSelectors } from '@sallyport/core';
import type { DelegateView } from '@sallyport/protocol';
import { useOperation } from '../client/operations.ts';
import classes from './manager-form.module.css';
import type { ManagerDraft } from './manager-draft.ts';
import type { ManagerForm } from './use-manager-form.ts';

export function SelectorsField({ form }: { form: ManagerForm }): ReactNode {
  const { draft, change, leave, errorOf } = form;
  const delegates = useEligible(draft);
  const isOptional = draft.kind === 'built-in' || draft.credentialsType === 'access-keys';
  return (
    <div>
      <TagsInput
        label="Delegate Selector"
        description={
          isOptional
            ? 'Optional. Only delegates that have all of these do the work.'
            : 'Only delegates that have all of these do the work. Press Enter after each.'
        }
        placeholder={draft.selectors.length === 0 ? 'prod-vpc' : ''}
        required={!isOptional}
        data={delegates.suggestions}
        value={draft.selectors}
        onChange={(selectors) => change({ selectors: selectors.map((one) => one.trim().toLowerCase()) })}
        onBlur={() => leave('selectors')}
        acceptValueOnBlur
        // Never over the fields before it, where the next click may go.
        comboboxProps={{ position: 'bottom', middlewares: { flip: false } }}
        maxDropdownHeight={220}
        error={errorOf('selectors')}
      />
      <Text size="xs" c="dimmed" className={classes.eligible} aria-live="polite">
        {delegates.sentence}
      </Text>
    </div>
  );
}

type Eligible = {
  /** Selectors that connected delegates have, for the list. */
  suggestions: string[];
  /** Who would do the work now. */
  names: string[];
  sentence: string;
};

/** Connected delegates that have all selectors of the draft. */
export function useEligible({ kind, selectors }: Pick<ManagerDraft, 'kind' | 'selectors'>): Eligible {
  const { data } = useOperation('listDelegates', {});
  if (data === undefined) return { suggestions: [], names: [], sentence: 'Looking for delegates …' };
  const connected = data.delegates.filter(
    ({ state, kinds }) => state === 'connected' && kinds.includes(kind),
  );
  const names = connected.filter((one) => hasAll(one, selectors)).map(({ name }) => name);
  const suggestions = [...new Set(connected.flatMap((one) => one.selectors))].sort();
  return { suggestions, names, sentence: say(names, connected.length) };
}

function hasAll({ selectors: present }: DelegateView, asked: readonly string[]): boolean {
  return missingSelectors(asked, present).length === 0;
}

function say(names: readonly string[], connected: number): string {
  if (names.length > 0) return `Connected now: ${names.join(', ')}`;
  return connected === 0 ? 'No delegate is connected.' : 'No connected delegate has all of these.';
}

// Edits the usage scope of a secret: as its secrets manager, rows of its own, or the account only.
import { Radio, Stack } from '@mantine/core';
import type { ReactNode } from 'react';
import type { RegionView, UsageScopeInput, UsageScopeView } from '@sallyport/protocol';
import { draftOf, EVERYWHERE_ROW, isComplete } from './region-draft.ts';
import type { DraftRow } from './region-draft.ts';
import { RegionEditor } from './region-editor.tsx';

/** A usage scope while it is edited. Rows that were typed stay when another type is tried. */
export type ScopeDraft = { type: UsageScopeInput['type']; rows: DraftRow[] };

export const INHERITED: ScopeDraft = { type: 'inherit', rows: [EVERYWHERE_ROW] };

/** The draft of a scope as the server showed it. */
export function scopeDraftOf(scope: UsageScopeView): ScopeDraft {
  return scope.type === 'rows'
    ? { type: 'rows', rows: draftOf(scope.rows) }
    : { ...INHERITED, type: scope.type };
}

/** What to send for a draft. */
export function scopeInputOf({ type, rows }: ScopeDraft): UsageScopeInput {
  return type === 'rows' ? { type, rows } : { type };
}

/** Whether the draft can be sent. */
export function isScopeComplete({ type, rows }: ScopeDraft): boolean {
  return type !== 'rows' || isComplete(rows);
}

type Props = {
  value: ScopeDraft;
  onChange: (scope: ScopeDraft) => void;
  /** The scope as the server showed it, so that what is deleted since keeps its name. */
  shown?: UsageScopeView;
  showComplaints?: boolean;
  /** Whether the account as a whole can be chosen. */
  mayChooseAccount?: boolean;
};

const NOTHING_SHOWN: RegionView = [];

export function UsageScopeEditor(props: Props): ReactNode {
  const { value, onChange, shown, showComplaints = false, mayChooseAccount = true } = props;
  const rowsShown = shown?.type === 'rows' ? shown.rows : NOTHING_SHOWN;
  return (
    <Stack gap="sm">
      <Radio.Group
        label="Usage scope"
        description="In which applications and environments it can be used."
        value={value.type}
        onChange={(type) => onChange({ ...value, type })}
      >
        <Stack gap="xs" mt="xs">
          <Radio
            value="inherit"
            label="As its secrets manager"
            description="Wherever the secrets manager may be used, whatever that is at the time."
          />
          <Radio value="rows" label="In chosen applications and environments" />
          {(mayChooseAccount || value.type === 'account') && (
            <Radio
              value="account"
              label="Account only"
              description="In no application; for the account as a whole, such as scripts on delegates."
            />
          )}
        </Stack>
      </Radio.Group>
      {value.type === 'rows' && (
        <RegionEditor
          label="Where"
          rows={value.rows}
          onChange={(rows) => onChange({ ...value, rows })}
          shown={rowsShown}
          showComplaints={showComplaints}
          nowhere="No rows: it can be used nowhere."
        />
      )}
    </Stack>
  );
}

// What a key may do at most, within the rights of its owner: all of them, or less.
import { Radio, Stack } from '@mantine/core';
import { lazy, Suspense } from 'react';
import type { ReactNode } from 'react';
import type { GroupView } from '@sallyport/protocol';
import { LoadingState } from '../ui/states.tsx';
import { areRightsComplete } from './rights-draft.ts';
import type { RightsDraft } from './rights-draft.ts';
import classes from './restriction-field.module.css';

// Most keys are not restricted, so it is loaded for those that are.
const RightsEditor = lazy(async () => ({ default: (await import('./rights-editor.tsx')).RightsEditor }));

type Props = {
  /** null: no restriction. */
  value: RightsDraft | null;
  onChange: (restriction: RightsDraft | null) => void;
  /** Whose rights it narrows, e.g. `you` or `its groups`. */
  owner: string;
  shown?: GroupView['grants'];
  showComplaints: boolean;
};

export function RestrictionField({ value, onChange, owner, shown, showComplaints }: Props): ReactNode {
  return (
    <Stack gap="sm">
      <Radio.Group
        label="Restriction"
        description="It only narrows: a restriction gives nothing that the owner lacks."
        value={value === null ? 'none' : 'some'}
        onChange={(choice) => onChange(choice === 'none' ? null : { account: [], grants: [] })}
      >
        <Stack gap={6} mt="xs">
          <Radio value="none" label={`All that ${owner} may do`} />
          <Radio value="some" label="Only what I choose" />
        </Stack>
      </Radio.Group>
      {value !== null && (
        <div className={classes.rights}>
          <Suspense fallback={<LoadingState />}>
            <RightsEditor
              value={value}
              onChange={onChange}
              showComplaints={showComplaints}
              {...(shown === undefined ? {} : { shown })}
            />
          </Suspense>
        </div>
      )}
    </Stack>
  );
}

/** Whether the restriction can be sent. */
export function isRestrictionComplete(value: RightsDraft | null): boolean {
  return value === null || areRightsComplete(value);
}

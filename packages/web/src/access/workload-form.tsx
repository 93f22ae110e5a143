// Who is let in without a stored key, and to what: an issuer of tokens with rules, or roles at AWS.
import { Button, Group, NumberInput, SegmentedControl, Stack, TextInput } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import type { ReactNode, SubmitEvent } from 'react';
import type { WorkloadIssuerView } from '@sallyport/protocol';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { fieldMessage, otherError } from '../ui/field-errors.ts';
import { Panel } from '../ui/page.tsx';
import { GroupPicker } from './group-picker.tsx';
import { RestrictionField } from './restriction-field.tsx';
import { judgeWorkload, MINUTES } from './workload-draft.ts';
import type { WorkloadComplaints, WorkloadDraft, WorkloadKind } from './workload-draft.ts';

const AwsFields = lazy(async () => ({ default: (await import('./aws-fields.tsx')).AwsFields }));
const OidcFields = lazy(async () => ({ default: (await import('./oidc-fields.tsx')).OidcFields }));

type Props = {
  initial: WorkloadDraft;
  /** What it is now; null: a new one. */
  shown: WorkloadIssuerView | null;
  submitLabel: string;
  isPending: boolean;
  error: unknown;
  onSubmit: (draft: WorkloadDraft) => void;
  onCancel: () => void;
};

const KINDS = [
  { value: 'oidc', label: 'OpenID issuer' },
  { value: 'aws', label: 'Roles at AWS' },
] as const satisfies readonly { value: WorkloadKind; label: string }[];

export function WorkloadForm(props: Props): ReactNode {
  const { initial, shown, submitLabel, isPending, error, onSubmit, onCancel } = props;
  const [draft, setDraft] = useState(initial);
  const [wasSent, setSent] = useState(false);
  const change = (fields: Partial<WorkloadDraft>): void => setDraft({ ...draft, ...fields });
  const complaints: WorkloadComplaints = wasSent ? judgeWorkload(draft) : { isComplete: false };
  const rest = otherError(error, 'name-taken', 'invalid-name');
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    setSent(true);
    if (judgeWorkload(draft).isComplete) onSubmit(draft);
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="md">
        <Panel title="Who is let in">
          <Stack gap="md" maw={640}>
            <TextInput
              label="Name"
              description="Workloads name it when they log in, e.g. github."
              required
              autoFocus={shown === null}
              maxLength={128}
              autoComplete="off"
              value={draft.name}
              onChange={(event) => change({ name: event.currentTarget.value })}
              error={complaints.name ?? fieldMessage(error, 'name-taken', 'invalid-name')}
            />
            <SegmentedControl
              aria-label="Identity"
              data={[...KINDS]}
              value={draft.kind}
              onChange={(kind) => change({ kind })}
            />
            <Suspense fallback={null}>
              {draft.kind === 'oidc' ? (
                <OidcFields draft={draft} onChange={change} complaints={complaints} />
              ) : (
                <AwsFields draft={draft} onChange={change} complaints={complaints} />
              )}
            </Suspense>
          </Stack>
        </Panel>
        <RightsPanel
          draft={draft}
          shown={shown}
          onChange={change}
          complaints={complaints}
          wasSent={wasSent}
        />
        {rest !== null && <ErrorPanel error={rest} />}
        <Group>
          <Button type="submit" loading={isPending}>
            {submitLabel}
          </Button>
          <Button variant="default" onClick={onCancel} disabled={isPending}>
            Cancel
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

type RightsProps = Pick<Props, 'shown'> & {
  draft: WorkloadDraft;
  onChange: (fields: Partial<WorkloadDraft>) => void;
  complaints: WorkloadComplaints;
  wasSent: boolean;
};

function RightsPanel({ draft, shown, onChange, complaints, wasSent }: RightsProps): ReactNode {
  return (
    <Panel title="To what">
      <Stack gap="md" maw={960}>
        <GroupPicker
          label="User groups"
          description="Keys of these workloads have the rights of these groups."
          required
          value={draft.groups}
          onChange={(groups) => onChange({ groups })}
          shown={shown?.groups ?? []}
          error={complaints.groups}
        />
        <RestrictionField
          value={draft.restriction}
          onChange={(restriction) => onChange({ restriction })}
          owner="these groups"
          shown={shown?.restriction?.grants ?? []}
          showComplaints={wasSent}
        />
        <NumberInput
          label="Keys last"
          description="After that a workload shows its identity again."
          suffix=" minutes"
          min={MINUTES.min}
          max={MINUTES.max}
          maw={220}
          value={draft.minutes}
          onChange={(minutes) => onChange({ minutes: Number(minutes) })}
          error={complaints.minutes}
        />
      </Stack>
    </Panel>
  );
}

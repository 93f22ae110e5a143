// A start-up profile to be filled in: its script, which delegates run it, and for how long it may take.
import { Button, Group, NumberInput, Stack, TagsInput, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { ReactNode, SubmitEvent } from 'react';
import { missingSelectors } from '@sallyport/core';
import { SCRIPT_MAX_SECONDS } from '@sallyport/protocol/client';
import { useOperation } from '../client/operations.ts';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { fieldMessage, otherError } from '../ui/field-errors.ts';
import { Panel } from '../ui/page.tsx';
import { judgeProfile } from './profile-draft.ts';
import type { ProfileComplaints, ProfileDraft } from './profile-draft.ts';
import classes from './profiles.module.css';
import { ScriptField } from './script-field.tsx';

type Props = {
  initial: ProfileDraft;
  submitLabel: string;
  isPending: boolean;
  error: unknown;
  /** What saving the draft would do, above the buttons; null: nothing worth a word. */
  noteOn: (draft: ProfileDraft) => string | null;
  onSubmit: (draft: ProfileDraft) => void;
  onCancel: () => void;
};

export function ProfileForm(props: Props): ReactNode {
  const { initial, submitLabel, isPending, error, noteOn, onSubmit, onCancel } = props;
  const [draft, setDraft] = useState(initial);
  const [wasSent, setSent] = useState(false);
  const change = (fields: Partial<ProfileDraft>): void => setDraft({ ...draft, ...fields });
  const complaints = wasSent ? judgeProfile(draft) : {};
  const rest = otherError(error, 'name-taken', 'invalid-name', 'invalid-selector');
  const note = noteOn(draft);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    setSent(true);
    if (Object.keys(judgeProfile(draft)).length === 0) onSubmit(draft);
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="md">
        <Panel title="What is run">
          <Stack gap="md">
            <TextInput
              label="Name"
              description="Profiles run one after the other, by name."
              required
              autoFocus={initial.name === ''}
              maxLength={128}
              maw={480}
              autoComplete="off"
              value={draft.name}
              onChange={(event) => change({ name: event.currentTarget.value })}
              error={complaints.name ?? fieldMessage(error, 'name-taken', 'invalid-name')}
            />
            <ScriptField
              value={draft.script}
              onChange={(script) => change({ script })}
              error={complaints.script}
            />
          </Stack>
        </Panel>
        <WherePanel draft={draft} onChange={change} complaints={complaints} error={error} />
        {rest !== null && <ErrorPanel error={rest} />}
        {note !== null && (
          <Text size="sm" role="status">
            {note}
          </Text>
        )}
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

type WhereProps = {
  draft: ProfileDraft;
  onChange: (fields: Partial<ProfileDraft>) => void;
  complaints: ProfileComplaints;
  error: unknown;
};

function WherePanel({ draft, onChange, complaints, error }: WhereProps): ReactNode {
  const delegates = useWhoWouldRun(draft.selectors);
  return (
    <Panel title="Where, and for how long">
      <Stack gap="md" maw={640}>
        <div>
          <TagsInput
            label="Selectors"
            description="Only delegates that have all of these run it; without any, all delegates do. Press Enter after each."
            placeholder={draft.selectors.length === 0 ? 'prod-vpc' : ''}
            data={delegates.suggestions}
            value={draft.selectors}
            onChange={(selectors) =>
              onChange({ selectors: selectors.map((one) => one.trim().toLowerCase()) })
            }
            acceptValueOnBlur
            comboboxProps={{ position: 'bottom', middlewares: { flip: false } }}
            maxDropdownHeight={220}
            error={complaints.selectors ?? fieldMessage(error, 'invalid-selector')}
          />
          <Text size="xs" c="dimmed" mt={4} aria-live="polite">
            {delegates.sentence}
          </Text>
        </div>
        <NumberInput
          label="Time limit"
          description="It is ended after that time, with all that it has started. Empty: 10 minutes, or what the delegate’s guard file allows where that is less."
          placeholder="600 seconds"
          suffix=" seconds"
          min={1}
          max={SCRIPT_MAX_SECONDS}
          clampBehavior="none"
          allowDecimal={false}
          allowNegative={false}
          classNames={{ wrapper: classes.seconds ?? '' }}
          value={draft.maxSeconds ?? ''}
          onChange={(seconds) => onChange({ maxSeconds: seconds === '' ? null : Number(seconds) })}
          error={complaints.maxSeconds}
        />
      </Stack>
    </Panel>
  );
}

/** Connected delegates that have all of the selectors, and those of them that run no scripts. */
function useWhoWouldRun(selectors: readonly string[]): { suggestions: string[]; sentence: string } {
  const { data } = useOperation('listDelegates', {});
  if (data === undefined) return { suggestions: [], sentence: 'Looking for delegates …' };
  const connected = data.delegates.filter(({ state }) => state === 'connected');
  const suggestions = [...new Set(connected.flatMap((one) => one.selectors))].sort();
  const meant = connected.filter((one) => missingSelectors(selectors, one.selectors).length === 0);
  const names = meant.map(({ name, runsScripts }) =>
    runsScripts === false ? `${name} (runs no scripts: its guard file does not allow it)` : name,
  );
  const none =
    connected.length === 0 ? 'No delegate is connected.' : 'No connected delegate has all of these.';
  return { suggestions, sentence: names.length === 0 ? none : `Connected now: ${names.join(', ')}` };
}

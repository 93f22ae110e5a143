// Chooses for how long delegates may serve a secret without the server.
import { NativeSelect, Radio, Stack, Text, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';
import { ageComplaint } from './availability-draft.ts';
import type { AvailabilityDraft } from './availability-draft.ts';
import classes from './availability-field.module.css';
import { UNITS } from './say-availability.ts';

type Props = {
  value: AvailabilityDraft;
  onChange: (draft: AvailabilityDraft) => void;
  showComplaints: boolean;
};

export function AvailabilityField({ value, onChange, showComplaints }: Props): ReactNode {
  const { mode } = value;
  return (
    <Stack gap="sm">
      <Radio.Group
        label="While the server is away"
        description="Concerns programs that read it through the local endpoint of a delegate."
        value={mode}
        onChange={(chosen) => onChange({ ...value, mode: chosen })}
      >
        <Stack gap="xs" mt="xs">
          <Radio
            value="fresh"
            label="Ask the server each time"
            description="Without the server nobody gets it."
          />
          <Radio
            value="stale-ok"
            label="May be up to a certain age while the server is away"
            description="A delegate serves it from memory to programs that the server has confirmed before."
          />
          <Radio
            value="offline"
            label="May be up to a certain age, also after the delegate restarts"
            description="It lies on the delegate’s disk as well, still encrypted under the key."
          />
        </Stack>
      </Radio.Group>
      {mode !== 'fresh' && <Age value={value} onChange={onChange} showComplaints={showComplaints} />}
    </Stack>
  );
}

function Age({ value, onChange, showComplaints }: Props): ReactNode {
  const complaint = ageComplaint(value);
  return (
    <>
      <div className={classes.age}>
        <TextInput
          label="At most this old"
          inputMode="numeric"
          autoComplete="off"
          maxLength={6}
          withAsterisk
          value={value.count}
          onChange={(event) => onChange({ ...value, count: event.currentTarget.value })}
          // An age that is too long is said at once; one that is not typed yet is no mistake.
          error={showComplaints || value.count !== '' ? complaint : null}
        />
        <NativeSelect
          label="Unit"
          value={String(value.unitSeconds)}
          onChange={(event) => onChange({ ...value, unitSeconds: Number(event.currentTarget.value) })}
          data={UNITS.map(({ seconds, many }) => ({ value: String(seconds), label: many }))}
        />
      </div>
      <Text size="sm" c="dimmed">
        The price: while the server is away, a withdrawn right, a new version or a deletion is noticed only
        when this age has passed.
      </Text>
    </>
  );
}

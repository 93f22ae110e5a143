// The key that protects secrets, and its region, which the ARN brings along.
import { Button, Select, Text, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';
import { regionOptions } from './aws-regions.ts';
import classes from './manager-form.module.css';
import { regionIn, withKeyArn } from './manager-draft.ts';
import type { ManagerForm } from './use-manager-form.ts';

export function KeyFields({ form }: { form: ManagerForm }): ReactNode {
  const { draft, saved, change, replace, leave, errorOf } = form;
  const ofKey = regionIn(draft.keyArn);
  const pinned = saved?.kind === 'aws-kms' && saved.pinnedKeyArn !== saved.keyArn ? saved.pinnedKeyArn : null;
  const mismatch = ofKey !== null && draft.region !== '' && draft.region !== ofKey;
  return (
    <>
      <TextInput
        label="Key ARN"
        description="The full ARN of a symmetric key of your own, or of its alias."
        placeholder="arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
        required
        autoComplete="off"
        spellCheck={false}
        maxLength={2048}
        value={draft.keyArn}
        onChange={(event) => replace(withKeyArn(draft, event.currentTarget.value))}
        onBlur={() => leave('keyArn')}
        error={errorOf('keyArn')}
      />
      {pinned !== null && (
        <Text size="xs" c="dimmed" className={classes.pinned}>
          The alias stood for {pinned} when it was saved.
        </Text>
      )}
      <div>
        <Select
          label="Region"
          description="Filled in from the key ARN."
          placeholder="Choose a region"
          required
          searchable
          data={regionOptions(draft.region === '' ? ofKey : draft.region)}
          value={draft.region === '' ? null : draft.region}
          onChange={(region) => change({ region: region ?? '' })}
          onBlur={() => leave('region')}
          nothingFoundMessage="No such region. Another one comes with its key ARN."
          maxDropdownHeight={220}
          error={errorOf('region')}
        />
        {mismatch && (
          <Button variant="subtle" size="compact-sm" mt={4} onClick={() => change({ region: ofKey })}>
            Use {ofKey}
          </Button>
        )}
      </div>
    </>
  );
}

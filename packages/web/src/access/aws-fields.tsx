// Which roles at AWS are let in, and which delegates verify that.
import { TagsInput } from '@mantine/core';
import type { ReactNode } from 'react';
import type { WorkloadComplaints, WorkloadDraft } from './workload-draft.ts';

type Props = {
  draft: WorkloadDraft;
  onChange: (fields: Partial<WorkloadDraft>) => void;
  complaints: WorkloadComplaints;
};

export function AwsFields({ draft, onChange, complaints }: Props): ReactNode {
  return (
    <>
      <TagsInput
        label="Roles"
        description="ARNs, each followed by Enter. * in the name of a role stands for any characters of it: role/deploy-*."
        placeholder={draft.roleArns.length === 0 ? 'arn:aws:iam::111122223333:role/nightly-job' : undefined}
        required
        maxTags={64}
        splitChars={[',', ' ', '\n']}
        acceptValueOnBlur
        value={draft.roleArns}
        onChange={(roleArns) => onChange({ roleArns })}
        error={complaints.roleArns}
      />
      <TagsInput
        label="Delegate selectors"
        description="A delegate’s word is taken for who a workload is: name those that you trust with that. Empty: any that serves AWS KMS."
        maxTags={16}
        splitChars={[',', '\n']}
        acceptValueOnBlur
        value={draft.selectors}
        onChange={(selectors) => onChange({ selectors })}
        error={complaints.selectors}
      />
    </>
  );
}

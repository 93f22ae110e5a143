// Which tokens of which OpenID issuer are taken.
import { JsonInput, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';
import { DraftRows } from '../ui/draft-rows.tsx';
import classes from './oidc-fields.module.css';
import type { RuleDraft, WorkloadComplaints, WorkloadDraft } from './workload-draft.ts';

type Props = {
  draft: WorkloadDraft;
  onChange: (fields: Partial<WorkloadDraft>) => void;
  complaints: WorkloadComplaints;
};

export function OidcFields({ draft, onChange, complaints }: Props): ReactNode {
  return (
    <>
      <TextInput
        label="Issuer"
        description="Exactly as tokens name it in iss. GitHub Actions: https://token.actions.githubusercontent.com"
        placeholder="https://token.actions.githubusercontent.com"
        required
        type="url"
        maxLength={512}
        autoComplete="off"
        value={draft.issuer}
        onChange={(event) => onChange({ issuer: event.currentTarget.value.trim() })}
        error={complaints.issuer}
      />
      <TextInput
        label="Audience"
        description="What tokens have to name in aud. Give each server one of its own: a token for another service is then of no use here."
        required
        maxLength={512}
        autoComplete="off"
        value={draft.audience}
        onChange={(event) => onChange({ audience: event.currentTarget.value })}
        error={complaints.audience}
      />
      <Rules rules={draft.rules} onChange={(rules) => onChange({ rules })} error={complaints.rules} />
      <JsonInput
        label="Public keys"
        description="Only for an issuer that the server cannot reach: its JSON Web Key Set. Rotation is then up to you."
        placeholder={'{ "keys": [ … ] }'}
        autosize
        minRows={2}
        maxRows={12}
        value={draft.jwks}
        onChange={(jwks) => onChange({ jwks })}
        error={complaints.jwks}
      />
    </>
  );
}

type RulesProps = {
  rules: readonly RuleDraft[];
  onChange: (rules: RuleDraft[]) => void;
  error: string | undefined;
};

function Rules({ rules, onChange, error }: RulesProps): ReactNode {
  return (
    <DraftRows
      label="Rules"
      description="An issuer signs tokens for everybody on it; rules alone tell your workloads from others’. All of them have to hold. A pattern is the whole value; * stands for any characters: acme/* is every repository of acme, while acme* is also those of acme-evil."
      required
      rows={rules}
      onChange={onChange}
      blank={{ claim: '', pattern: '' }}
      noun="rule"
      error={error}
    >
      {({ claim, pattern }, position, change) => (
        <>
          <TextInput
            aria-label={`Claim of rule ${position}`}
            placeholder="repository"
            maxLength={256}
            autoComplete="off"
            spellCheck={false}
            value={claim}
            onChange={(event) => change({ claim: event.currentTarget.value })}
            className={classes.claim}
          />
          <TextInput
            aria-label={`Pattern of rule ${position}`}
            placeholder="acme/shop"
            maxLength={512}
            autoComplete="off"
            spellCheck={false}
            value={pattern}
            onChange={(event) => change({ pattern: event.currentTarget.value })}
            className={classes.pattern}
          />
        </>
      )}
    </DraftRows>
  );
}

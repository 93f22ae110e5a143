// “Configure Secrets Manager”: the settings, what trying them came to, and the policies that they need.
import { Button, Checkbox, Group, Skeleton, Stack, TextInput } from '@mantine/core';
import { lazy, Suspense, useEffect, useRef } from 'react';
import type { ReactNode, SubmitEvent } from 'react';
import { NAME_MAX_CHARACTERS } from '@sallyport/core';
import type { RegionView } from '@sallyport/protocol';
import { isComplete } from '../scope-editor/region-draft.ts';
import { Icon } from '../ui/icons.tsx';
import { Panel } from '../ui/page.tsx';
import { LoadingState } from '../ui/states.tsx';
import { CredentialsFields } from './credentials-fields.tsx';
import { KeyFields } from './key-fields.tsx';
import classes from './manager-form.module.css';
import { SelectorsField, useEligible } from './selectors-field.tsx';
import type { ManagerForm as Form } from './use-manager-form.ts';

/** These come a moment after the first fields, so that those are there sooner. */
const PolicyPanel = lazy(async () => ({ default: (await import('./policy-panel.tsx')).PolicyPanel }));
const RegionEditor = lazy(async () => ({
  default: (await import('../scope-editor/region-editor.tsx')).RegionEditor,
}));
const ScopePreview = lazy(async () => ({
  default: (await import('../scope-editor/scope-preview.tsx')).ScopePreview,
}));

const MoreFields = lazy(async () => ({ default: (await import('./more-fields.tsx')).MoreFields }));

/** This comes with the first test. */
const PreflightTrial = lazy(async () => ({
  default: (await import('./preflight-trial.tsx')).PreflightTrial,
}));

type Props = {
  form: Form;
  onCancel: () => void;
};

export function ManagerForm({ form, onCancel }: Props): ReactNode {
  const { draft, stopped, save } = form;
  const element = useRef<HTMLFormElement>(null);
  useEffect(() => {
    // To the first field that has to be mended.
    if (stopped > 0) element.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [stopped]);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (!form.isBusy) save();
  };
  return (
    <div className={draft.kind === 'aws-kms' ? classes.columns : classes.single}>
      <Stack gap="md" className={classes.main}>
        <Panel>
          <form ref={element} onSubmit={submit} noValidate aria-label="Configure Secrets Manager">
            <Stack gap="lg">
              <Fields form={form} />
              <Buttons form={form} onCancel={onCancel} />
            </Stack>
          </form>
        </Panel>
        <TrialPart form={form} />
      </Stack>
      {draft.kind === 'aws-kms' && (
        <aside className={classes.aside} aria-label="Policies for AWS">
          <Suspense fallback={<LoadingState rows={3} label="Loading policies" />}>
            <PolicyPanel form={form} />
          </Suspense>
        </aside>
      )}
    </div>
  );
}

const NOTHING_SHOWN: RegionView = [];

function Fields({ form }: { form: Form }): ReactNode {
  const { draft, saved, change, leave, errorOf } = form;
  return (
    <>
      <TextInput
        label="Display Name"
        required
        autoFocus={saved === null}
        autoComplete="off"
        spellCheck={false}
        maxLength={NAME_MAX_CHARACTERS}
        value={draft.name}
        onChange={(event) => change({ name: event.currentTarget.value })}
        onBlur={() => leave('name')}
        error={errorOf('name')}
      />
      {draft.kind === 'aws-kms' ? (
        <>
          <CredentialsFields form={form} />
          <KeyFields form={form} />
        </>
      ) : (
        <SelectorsField form={form} />
      )}
      <div>
        <Suspense fallback={<Skeleton className={classes.scope} />}>
          <RegionEditor
            label="Usage Scope"
            description="Where its secrets may be used at most."
            rows={draft.scope}
            onChange={(scope) => change({ scope })}
            shown={saved?.usageScope ?? NOTHING_SHOWN}
            showComplaints={form.complainsAboutScope}
            nowhere="No rows: its secrets may be used nowhere."
          />
          <ScopePreview
            scope={{ type: 'rows', rows: draft.scope }}
            isComplete={isComplete(draft.scope)}
            secretsManager={saved?.id ?? null}
            of="secrets-manager"
          />
        </Suspense>
      </div>
      <Suspense fallback={<Skeleton className={classes.disclosure} />}>
        <MoreFields form={form} />
      </Suspense>
      <Checkbox
        label="Use as Default Secrets Manager"
        description={
          saved?.isDefault === true
            ? 'It is the default. To change that, make another one the default.'
            : 'New secrets use it unless another one is named.'
        }
        checked={draft.makeDefault}
        disabled={saved?.isDefault === true}
        onChange={(event) => change({ makeDefault: event.currentTarget.checked })}
      />
    </>
  );
}

function Buttons({ form, onCancel }: Props): ReactNode {
  const { trial, isBusy, saved, test } = form;
  return (
    <Group justify="space-between">
      <Button
        variant="default"
        leftSection={<Icon name="check" size={16} />}
        loading={trial.isRunning && trial.of === 'test'}
        disabled={isBusy && trial.of !== 'test'}
        onClick={test}
      >
        Test
      </Button>
      <Group gap="xs">
        <Button variant="default" onClick={onCancel}>
          Cancel
        </Button>
        <Button
          type="submit"
          loading={trial.isRunning && trial.of === 'save'}
          disabled={isBusy && trial.of !== 'save'}
        >
          {saved === null ? 'Save' : 'Save changes'}
        </Button>
      </Group>
    </Group>
  );
}

function TrialPart({ form }: { form: Form }): ReactNode {
  const { trial, draft } = form;
  const eligible = useEligible(draft);
  const { isRunning, isTrying, outcome, error, of, isOutdated } = trial;
  const isShown = isTrying || outcome !== null || error !== null;
  const phase = isTrying ? 'running' : isShown ? 'done' : 'none';
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (phase !== 'none') box.current?.scrollIntoView({ block: 'nearest' });
  }, [phase]);
  return (
    <div ref={box} className={isShown ? undefined : classes.hidden}>
      {isShown && (
        <Suspense>
          <PreflightTrial
            live={isTrying ? trial.live : null}
            expected={eligible.names}
            outcome={isRunning ? null : outcome}
            error={isRunning ? null : error}
            errorTitle={of === 'save' ? 'Not saved' : 'Not tested'}
            isOutdated={isOutdated}
            isRefusal={of === 'save'}
            onStop={of === 'test' ? trial.stop : undefined}
          />
        </Suspense>
      )}
    </div>
  );
}

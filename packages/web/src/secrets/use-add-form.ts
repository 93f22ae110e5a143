// What the form for a new secret holds, what is wrong with it, and how it is sent.
import { useNavigate } from '@tanstack/react-router';
import { useRef, useState } from 'react';
import type { RefObject, SubmitEvent } from 'react';
import { checkSecretName } from '@sallyport/core';
import type { SecretKind } from '@sallyport/core';
import { FRESH } from '@sallyport/protocol/client';
import { isAppError } from '@sallyport/sdk/browser';
import { complaintOf, fieldMessage } from '../ui/field-errors.ts';
import { notify } from '../ui/notify.tsx';
import type { AddSearch } from './area.ts';
import { availabilityDraftOf, availabilityOf } from './availability-draft.ts';
import type { AvailabilityDraft } from './availability-draft.ts';
import { judgeFile } from './file-field.tsx';
import { useStoreValue } from './use-store-value.ts';
import type { StoreValue } from './use-store-value.ts';
import { judgeValue } from './value-field.tsx';
import { isWhereComplete, newReference, scopeOfWhere, whereOf } from './where.ts';
import type { Where } from './where.ts';

/** Errors of the server that stand beside a field of this form. */
export const BESIDE_FIELDS = [
  'invalid-name',
  'name-taken',
  'edit-conflict',
  'no-default-secrets-manager',
] as const;

export type AddForm = {
  name: string;
  setName: (name: string) => void;
  nameError: string | null;
  /** Where a text is typed: it is read when it is sent, and is in no state. */
  field: RefObject<HTMLTextAreaElement | null>;
  file: File | null;
  chooseFile: (file: File | null) => void;
  /** What is wrong with the text or file; null: nothing. */
  valueError: string | null;
  clearValueError: () => void;
  /** Id of the secrets manager; null: the default one. */
  manager: string | null;
  setManager: (id: string | null) => void;
  where: Where;
  setWhere: (where: Where) => void;
  availability: AvailabilityDraft;
  setAvailability: (draft: AvailabilityDraft) => void;
  /** Whether somebody has tried to send it: then complaints are shown. */
  wasSent: boolean;
  storing: StoreValue;
  submit: (event: SubmitEvent) => void;
};

export function useAddForm(kind: SecretKind, given: AddSearch): AddForm {
  const navigate = useNavigate();
  const [name, setName] = useState(given.name ?? '');
  const [manager, setManager] = useState<string | null>(null);
  const [where, setWhere] = useState(() => whereOf(given));
  const [availability, setAvailability] = useState(() => availabilityDraftOf(FRESH));
  const [file, setFile] = useState<File | null>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  const [wasSent, setSent] = useState(false);
  const [valueError, setValueError] = useState<string | null>(null);
  const storing = useStoreValue(kind === 'text' ? { kind, field } : { kind, file });
  const nameComplaint = complaintOf(checkSecretName, name.trim());
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    setSent(true);
    const complaint = kind === 'text' ? judgeValue(field.current?.value ?? '') : judgeFile(file);
    setValueError(complaint);
    const chosen = availabilityOf(availability);
    if (nameComplaint !== null || complaint !== null || !isWhereComplete(where) || chosen === null) return;
    const options = {
      ...(manager === null ? {} : { secretsManager: manager }),
      // A place in the reference says the same, and finds a secret of this name that is there already.
      ...(where.kind === 'place' ? {} : { scope: scopeOfWhere(where) ?? undefined }),
      // What a new secret has anyway is not said.
      ...(chosen.mode === 'fresh' ? {} : { availability: chosen }),
      expectedVersion: 0,
    };
    storing.store.mutate(
      { reference: newReference(name.trim(), where), options },
      {
        onSuccess: ({ secretId, name: stored }) => {
          notify.done(`“${stored}” is stored`);
          void navigate({ to: '/secrets/$secret', params: { secret: secretId } });
        },
      },
    );
  };
  const chooseFile = (chosen: File | null): void => {
    setFile(chosen);
    setValueError(null);
    // A file is mostly stored by the name that it has.
    if (name === '' && chosen !== null && complaintOf(checkSecretName, chosen.name) === null)
      setName(chosen.name);
  };
  return {
    name,
    setName,
    nameError: (wasSent ? nameComplaint : null) ?? nameErrorOf(storing.store.error),
    field,
    file,
    chooseFile,
    valueError,
    clearValueError: () => setValueError(null),
    manager,
    setManager,
    where,
    setWhere,
    availability,
    setAvailability,
    wasSent,
    storing,
    submit,
  };
}

function nameErrorOf(error: unknown): string | null {
  // It was expected not to be there, so a conflict means that it is.
  return isAppError(error, 'edit-conflict')
    ? 'There is a secret of this name already, which may be used there. Open it to add a version.'
    : fieldMessage(error, 'invalid-name', 'name-taken');
}

// Which secret a reference means to somebody, out of all that have the name: decided by where they may be used and by what the asker may
// do. Whatever the asker may not know of is refused in the words for what is not there; the reason is for the audit trail only.
import { AppError, isUsableAt, printSecretReference } from '@sallyport/core';
import type { SecretReference } from '@sallyport/core';
import type { FoundPlace } from '../applications/account-catalogue.ts';
import type { SecretAsker } from './secret-asker.ts';
import type { FoundSecret } from './secret-store.ts';

/** Why somebody did not get a secret, as the audit trail has it. */
export type RefusalReason =
  | 'no-such-place'
  | 'no-such-secret'
  | 'not-to-be-known'
  | 'not-usable-there'
  | 'no-right-to-use'
  | 'ambiguous';

export type Refusal = {
  error: AppError;
  reason: RefusalReason;
  /** The secret that was meant, where it can be told. */
  subject: FoundSecret | null;
  place: FoundPlace | null;
};

export type Choice = { found: FoundSecret; place: FoundPlace | null } | Refusal;

export function isRefusal(choice: Choice): choice is Refusal {
  return 'error' in choice;
}

/** The secret whose value the asker may have by this reference. @param candidates all that have the name or id */
export function chooseToUse(
  reference: SecretReference,
  candidates: readonly FoundSecret[],
  asker: SecretAsker,
): Choice {
  const place = reference.place === null ? null : asker.place(reference.place);
  if (reference.place !== null && place === null) {
    return { error: noPlace(), reason: 'no-such-place', subject: onlyOne(candidates), place };
  }
  const usable = candidates.filter((one) => asker.uses(one.scope, place));
  const [only] = usable;
  if (only !== undefined && usable.length === 1) return { found: only, place };
  if (only !== undefined) {
    return { error: ambiguous(reference, usable, asker), reason: 'ambiguous', subject: null, place };
  }
  if (candidates.length === 0) return refuse('no-such-secret', { candidates, place });
  const visible = candidates.find((one) => asker.sees(one.scope));
  if (visible === undefined) return refuse('not-to-be-known', { candidates, place });
  const isUsable = place === null ? isUsableSomewhere(visible) : isUsableAt(visible.scope, place);
  return {
    error: isUsable ? noRight(visible, place) : notUsable(visible, place),
    reason: isUsable ? 'no-right-to-use' : 'not-usable-there',
    subject: visible,
    place,
  };
}

/**
 * The secret that the asker may know of by this reference; with a place, one that is usable there.
 * @throws {not-found} {ambiguous-name}
 */
export function chooseToSee(
  reference: SecretReference,
  candidates: readonly FoundSecret[],
  asker: SecretAsker,
): FoundSecret {
  const found = findToSee(reference, candidates, asker);
  if (found === null) throw noSecret();
  return found;
}

/** As `chooseToSee`; null instead of {not-found}. @throws {ambiguous-name} {not-found} when the place is not there */
export function findToSee(
  reference: SecretReference,
  candidates: readonly FoundSecret[],
  asker: SecretAsker,
): FoundSecret | null {
  const place = reference.place === null ? null : asker.place(reference.place);
  if (reference.place !== null && place === null) throw noPlace();
  const visible = candidates.filter(
    (one) => asker.sees(one.scope) && (place === null || isUsableAt(one.scope, place)),
  );
  const [only] = visible;
  if (visible.length > 1) throw ambiguous(reference, visible, asker);
  return only ?? null;
}

/** The one error for every secret that is not there or not to be known. */
export function noSecret(): AppError {
  return new AppError('not-found', { publicMessage: 'There is no such secret, or no such version of it.' });
}

/** The one error for every place that is not there or not to be known. */
export function noPlace(): AppError {
  return new AppError('not-found', {
    publicMessage: 'There is no such application, or no such environment of it.',
    data: {
      hint: 'Check both names; `sallyport app list` and `sallyport env list --app NAME` show what is there.',
    },
  });
}

function refuse(
  reason: RefusalReason,
  of: { candidates: readonly FoundSecret[]; place: FoundPlace | null },
): Refusal {
  return { error: noSecret(), reason, subject: onlyOne(of.candidates), place: of.place };
}

/** Of several secrets of one name, none is told to be the one that was meant. */
function onlyOne(candidates: readonly FoundSecret[]): FoundSecret | null {
  return candidates.length === 1 ? (candidates[0] ?? null) : null;
}

function isUsableSomewhere({ scope }: FoundSecret): boolean {
  return scope.type === 'account' || scope.rows.length > 0;
}

function notUsable({ secret, scope }: FoundSecret, place: FoundPlace | null): AppError {
  const where =
    place === null
      ? 'may be used nowhere: its scope has no rows'
      : scope.type === 'account'
        ? 'is scoped to the account, so it is used in no application'
        : `is not scoped to ${printPlace(place)}`;
  return new AppError('forbidden', {
    publicMessage: `"${secret.name}" ${where}.`,
    data: { hint: 'Run `sallyport scope explain` to see where it may be used and by whom.' },
  });
}

function noRight({ secret, scope }: FoundSecret, place: FoundPlace | null): AppError {
  const where =
    place !== null
      ? `secrets in ${printPlace(place)}`
      : scope.type === 'account'
        ? 'secrets of the account (the permission "manage-secrets")'
        : 'secrets anywhere in its scope';
  return new AppError('forbidden', {
    publicMessage: `You may know of "${secret.name}", but not have its value: that needs the right to use ${where}.`,
    data: { hint: 'Ask for a user group with the action "use" there.' },
  });
}

function ambiguous(
  reference: SecretReference,
  candidates: readonly FoundSecret[],
  asker: SecretAsker,
): AppError {
  const addresses = candidates.slice(0, 10).map((one) => {
    const example = asker.exampleOf(one.scope);
    if (example === null) return one.secret.id;
    const place = { application: example.application.name, environment: example.environment.name };
    return printSecretReference({ ...reference, place });
  });
  return new AppError('ambiguous-name', {
    publicMessage: `${candidates.length} secrets have this name. Say which one: ${addresses.join(', ')}.`,
    data: { candidates: addresses },
  });
}

function printPlace({ application, environment }: FoundPlace): string {
  return `${application.name}/${environment.name}`;
}

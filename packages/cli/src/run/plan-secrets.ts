// Which secret goes into which variable or file: from a place, a service, mapping files and flags, in the order in which the later ones win.
// Nothing is read here but names and versions.
import { AppError, nameKey, parseSecretReference, printSecretReference } from '@sallyport/core';
import type { PlaceReference } from '@sallyport/core';
import type { Client, UsableSecret, UsableSecrets } from '@sallyport/sdk';
import { usageError } from '../command-line/usage-error.ts';
import { leaveOut } from '../input/leave-out.ts';
import type { Selection } from './run-options.ts';
import { decidesCode, isVariableName, variableFor } from './variable-name.ts';

/** A variable whose value is read by a reference. */
export type PlannedVariable = { variable: string; reference: string; origin: string };
/** A secret that becomes a file. `variable` gets its path; null: none does. `name` is relative to the folder of files. */
export type PlannedFile = { name: string; reference: string; variable: string | null; origin: string };

export type SecretPlan = {
  plain: ReadonlyMap<string, string>;
  variables: readonly PlannedVariable[];
  files: readonly PlannedFile[];
  /** Secrets and config entries that are files, and are left out. */
  leftOut: readonly string[];
};

type Draft = {
  plain: Map<string, string>;
  variables: Map<string, PlannedVariable>;
  files: PlannedFile[];
  leftOut: string[];
};

/** @throws {secret-missing} when nothing may be used there; {invalid-request} for names that cannot be variables */
export async function planSecrets(client: Client, selection: Selection): Promise<SecretPlan> {
  const draft: Draft = { plain: new Map(), variables: new Map(), files: [], leftOut: [] };
  const { place, service } = selection;
  if (selection.all && place !== null) addPlace(draft, await listed(client, place), { selection, place });
  if (service !== null && place !== null) {
    await addService(draft, client, { service, place, files: selection.files });
    if (isEmpty(draft) && selection.mapped.length === 0)
      throw nothingOfService(service, place, draft.leftOut);
  }
  for (const mapped of selection.mapped) {
    const { variable, origin } = mapped;
    draft.variables.delete(variable);
    draft.plain.delete(variable);
    if ('plain' in mapped) draft.plain.set(variable, mapped.plain);
    else draft.variables.set(variable, { variable, reference: mapped.reference, origin });
  }
  return { ...draft, variables: [...draft.variables.values()] };
}

async function listed(client: Client, place: PlaceReference): Promise<UsableSecret[]> {
  const usable = await client.usable({ place });
  requireReadable(usable);
  if (usable.secrets.length > 0) return usable.secrets;
  throw new AppError('secret-missing', {
    publicMessage: `No secret may be used in ${place.application}/${place.environment}, so nothing was started.`,
    data: { hint: 'Check --app and --env, and the scopes of the secrets: `sallyport scope explain NAME`.' },
  });
}

function requireReadable({ unreadable }: UsableSecrets): void {
  const [first] = unreadable;
  if (first === undefined) return;
  const more = unreadable.length === 1 ? '' : `, and ${unreadable.length - 1} more`;
  throw new AppError(first.error.code, {
    publicMessage: `${first.reference}${more} cannot be read: ${first.error.publicMessage}`,
    data: first.error.data,
  });
}

function addPlace(
  draft: Draft,
  secrets: readonly UsableSecret[],
  { selection, place }: { selection: Selection; place: PlaceReference },
): void {
  const found = secrets.map((one) => ({ ...one, name: nameIn(one.reference) }));
  for (const { name, reference, kind } of leaveOut(found, selection.excluded, place)) {
    if (kind === 'file' && !selection.files) {
      draft.leftOut.push(name);
      continue;
    }
    const variable = checkedVariable(name, selection);
    const clash = draft.variables.get(variable) ?? draft.files.find((one) => one.variable === variable);
    if (clash !== undefined) {
      throw usageError(
        `The secrets "${nameIn(clash.reference)}" and "${name}" both become the variable ${variable}.`,
        'Rename one, leave one out with --exclude, or name them yourself with --set or --env-from.',
      );
    }
    if (kind === 'file') draft.files.push({ name, reference, variable, origin: 'the place' });
    else draft.variables.set(variable, { variable, reference, origin: 'the place' });
  }
}

function checkedVariable(name: string, selection: Selection): string {
  const variable = variableFor(name, selection);
  if (!isVariableName(variable)) {
    throw usageError(
      `The secret "${name}" cannot become a variable: "${variable}" has signs that names of variables do not have, or begins with a digit.`,
      'Choose another --transform or a --prefix, leave it out with --exclude, or name it yourself with --set or --env-from.',
    );
  }
  if (decidesCode(variable)) {
    throw usageError(
      `The secret "${name}" would set ${variable}, which decides what code programs run. A place does not decide that.`,
      'Use --prefix or --exclude, or say that it is meant with --set or --env-from.',
    );
  }
  return variable;
}

async function addService(
  draft: Draft,
  client: Client,
  { service, place, files }: { service: string; place: PlaceReference; files: boolean },
): Promise<void> {
  const { application, environment } = place;
  const { entries } = await client.call('listConfigEntries', { params: { application, service } });
  const isHere = (one: { id: string; name: string }): boolean =>
    one.id === environment || nameKey(one.name) === nameKey(environment);
  const own = entries.filter((one) => one.environment !== null && isHere(one.environment));
  const others = entries.filter(
    (one) =>
      one.environment === null && !own.some(({ kind, name }) => kind === one.kind && name === one.name),
  );
  for (const { kind, name, secret } of [...others, ...own]) {
    const reference = printSecretReference({ by: 'id', id: secret.id, version: null, place });
    const origin = `service ${service}`;
    if (kind === 'variable') {
      if (!isVariableName(name) || decidesCode(name)) throw unfitEntry(name, service);
      draft.variables.set(name, { variable: name, reference, origin });
      draft.files = draft.files.filter((one) => one.variable !== name);
    } else if (files) {
      draft.files.push({ name, reference, variable: null, origin });
    } else {
      draft.leftOut.push(name);
    }
  }
}

function isEmpty({ plain, variables, files }: Draft): boolean {
  return plain.size + variables.size + files.length === 0;
}

function nothingOfService(service: string, place: PlaceReference, leftOut: readonly string[]): AppError {
  const { application, environment } = place;
  return new AppError('secret-missing', {
    publicMessage:
      leftOut.length === 0
        ? `The service ${service} of ${application} has no config entries for ${environment}, so nothing was started.`
        : `All config entries of the service ${service} for ${environment} are files, so nothing was started.`,
    data: {
      hint:
        leftOut.length === 0
          ? `See what it has with \`sallyport service config list ${service} --app ${application}\`.`
          : 'Give --files, which puts them into a folder.',
    },
  });
}

function unfitEntry(name: string, service: string): Error {
  return usageError(
    `The service ${service} would set ${name}, which is no variable or decides what code programs run. A service does not decide that.`,
    'Remove the entry, or say that it is meant with --set or --env-from.',
  );
}

function nameIn(reference: string): string {
  const parsed = parseSecretReference(reference);
  return parsed.by === 'name' ? parsed.name : parsed.id;
}

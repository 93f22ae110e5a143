// From what a template needs to references of secrets: names get the place, variables and files of a service are looked up in its config
// entries. No value is read here, but for service variables whose value is the name of a secret.
import { AppError, nameKey, parseSecretReference, printSecretReference } from '@sallyport/core';
import type { PlaceReference } from '@sallyport/core';
import { indirectNames, needsOf } from '@sallyport/core/template';
import type { LocatedNeed, Template, TemplateContext } from '@sallyport/core/template';
import type { ConfigEntryView } from '@sallyport/protocol';
import type { Client } from '@sallyport/sdk';
import { usageError } from '../command-line/usage-error.ts';
import { failNeeds } from './need-failures.ts';
import type { NeedFailure } from './need-failures.ts';

export type TemplateSurroundings = {
  /** What the template is called in errors. */
  title: string;
  place: PlaceReference | null;
  /** Name or id. */
  service: string | null;
  variables: ReadonlyMap<string, string>;
};

export type TemplatePlan = {
  template: Template;
  context: TemplateContext;
  /** What can be read, and by which reference. */
  references: readonly { need: LocatedNeed; reference: string }[];
  /** What is not there to be read. */
  failures: readonly NeedFailure[];
};

/** For rendering. @throws {invalid-request} {not-found} with line and column */
export async function planTemplate(
  client: Client,
  template: Template,
  surroundings: TemplateSurroundings,
): Promise<TemplatePlan> {
  const names = indirectNames(template);
  const entries = await entriesFor(client, template, surroundings);
  const serviceVariables = new Map<string, string>();
  if (names.length > 0) {
    const direct = planNeeds(namesAsValues(template), { entries, surroundings, serviceVariables });
    const wanted = direct.references.filter(
      ({ need }) => need.kind === 'service-variable' && names.includes(need.name),
    );
    const outcomes = await client.resolveEach(wanted.map(({ reference }) => reference));
    const failures = direct.failures.filter(
      ({ need }) => need.kind === 'service-variable' && names.includes(need.name),
    );
    for (const [index, outcome] of outcomes.entries()) {
      const need = wanted[index]?.need;
      if (need?.kind !== 'service-variable') continue;
      if ('error' in outcome) failures.push({ need, error: outcome.error });
      else {
        const name = outcome.value.text();
        if (name === null) failures.push({ need, error: notText() });
        else serviceVariables.set(need.name, name);
      }
    }
    failNeeds(surroundings.title, failures);
  }
  return planNeeds(template, { entries, surroundings, serviceVariables });
}

/** Without any value: what a service variable names is not known, so the variable itself is what is needed. */
export async function planCheck(
  client: Client,
  template: Template,
  surroundings: TemplateSurroundings,
): Promise<TemplatePlan> {
  const entries = await entriesFor(client, template, surroundings);
  return planNeeds(namesAsValues(template), { entries, surroundings, serviceVariables: new Map() });
}

function notText(): AppError {
  return new AppError('kind-mismatch', {
    publicMessage: 'Its value is no text, and so not the name of a secret.',
  });
}

type Known = {
  entries: readonly ConfigEntryView[];
  surroundings: TemplateSurroundings;
  serviceVariables: ReadonlyMap<string, string>;
};

function planNeeds(template: Template, { entries, surroundings, serviceVariables }: Known): TemplatePlan {
  const { place, variables } = surroundings;
  const context = { variables, serviceVariables };
  const references: { need: LocatedNeed; reference: string }[] = [];
  const failures: NeedFailure[] = [];
  for (const need of needsOf(template, context)) {
    if (need.kind === 'secret') {
      references.push({ need, reference: placed(need.reference, place) });
      continue;
    }
    const entry = entryFor(need, entries, place);
    if (entry === null) failures.push({ need, error: null });
    else {
      const { id } = entry.secret;
      references.push({ need, reference: printSecretReference({ by: 'id', id, version: null, place }) });
    }
  }
  return { template, context, references, failures };
}

function placed(text: string, place: PlaceReference | null): string {
  const reference = parseSecretReference(text);
  return reference.place === null && place !== null ? printSecretReference({ ...reference, place }) : text;
}

/** The entry that counts in the environment: its own, else the one for all. */
function entryFor(
  need: Exclude<LocatedNeed, { kind: 'secret' }>,
  entries: readonly ConfigEntryView[],
  place: PlaceReference | null,
): ConfigEntryView | null {
  const [kind, name] =
    need.kind === 'config-file' ? (['file', need.path] as const) : (['variable', need.name] as const);
  const named = entries.filter((entry) => entry.kind === kind && entry.name === name);
  const asked = place?.environment ?? '';
  const own = named.find(
    ({ environment }) =>
      environment !== null && (environment.id === asked || nameKey(environment.name) === nameKey(asked)),
  );
  return own ?? named.find(({ environment }) => environment === null) ?? null;
}

async function entriesFor(
  client: Client,
  { parts }: Template,
  { title, place, service }: TemplateSurroundings,
): Promise<readonly ConfigEntryView[]> {
  const isNeeded = parts.some(
    (part) =>
      part.kind === 'value' &&
      (part.expression.kind === 'config-file' ||
        part.expression.kind === 'service-variable' ||
        (part.expression.kind === 'secret' && part.expression.reference.kind === 'service-variable')),
  );
  if (!isNeeded) return [];
  if (place === null || service === null) {
    throw usageError(
      `${title} uses variables or files of a service, and it is not said of which.`,
      'Give --app, --env and --service.',
    );
  }
  const params = { application: place.application, service };
  return (await client.call('listConfigEntries', { params })).entries;
}

/** The same template with each name that a service variable holds replaced by that variable. */
function namesAsValues(template: Template): Template {
  const parts = template.parts.map((part) => {
    if (part.kind === 'text') return part;
    const { expression } = part;
    const operand =
      expression.kind === 'secret'
        ? expression.reference
        : expression.kind === 'config-file'
          ? expression.path
          : null;
    return operand?.kind === 'service-variable' ? { ...part, expression: operand } : part;
  });
  return { ...template, parts };
}

// What a change would do, in lines that a person reads. The server's previews differ by operation: whole sentences where it has them, else
// names by kind.

export type EffectLines = {
  /** What the server says of them all; `null`: nothing beyond the lines. */
  summary: string | null;
  lines: readonly { text: string; examples: readonly string[] }[];
};

const LABELS: Readonly<Record<string, string>> = {
  aliases: 'Former names that stop working',
  breaks: 'Asked for it by a name that would be gone',
  configEntries: 'Services that refer to it',
  conflicts: 'Would inherit the scope instead of their own',
  entries: 'Variables and files that go with it',
  members: 'Members',
  missedBy: 'Asks for it by this name',
  setupUsages: 'Set up to use it',
  startProfiles: 'Start-up profiles that stop working',
  usages: 'Set up to use it',
  usesByName: 'Asks for it by this name',
  withoutDelegate: 'Secrets managers that no delegate could work for',
  versions: 'Versions that are deleted',
};
const HIDDEN = new Set([
  'confirmationToken',
  'digest',
  // Of a rename: the question says both.
  'from',
  'to',
  'hint',
  'message',
  'serverRequestId',
  'secret',
]);
const EXAMPLES_MAX = 10;

/** @param data what the server answered: an error's data, or a preview */
export function effectLines(data: Readonly<Record<string, unknown>>): EffectLines {
  const { message, preview, effect } = data;
  const inner = objectOf(preview) ?? objectOf(effect) ?? data;
  const summary = typeof message === 'string' ? message : null;
  const { consequences } = inner;
  if (Array.isArray(consequences)) return { summary, lines: consequences.flatMap(lineOfConsequence) };
  return { summary, lines: Object.entries(inner).flatMap(([field, value]) => linesOfField(field, value)) };
}

function lineOfConsequence(consequence: unknown): EffectLines['lines'] {
  const { sentence, examples } = objectOf(consequence) ?? {};
  if (typeof sentence !== 'string') return [];
  return [
    {
      text: sentence,
      // The sentence names some of them already.
      examples: Array.isArray(examples)
        ? examples.filter((one) => typeof one === 'string' && !sentence.includes(one))
        : [],
    },
  ];
}

function linesOfField(field: string, value: unknown): EffectLines['lines'] {
  if (HIDDEN.has(field) || value === null || value === undefined) return [];
  const label = LABELS[field] ?? field;
  if (field === 'hidden' || field === 'hiddenConfigEntries' || field === 'hiddenWithoutDelegate') {
    return typeof value === 'number' && value > 0
      ? [{ text: `And ${value} more that you may not see`, examples: [] }]
      : [];
  }
  if (typeof value === 'number' || typeof value === 'string')
    return [{ text: `${label}: ${value}`, examples: [] }];
  if (Array.isArray(value))
    return value.length === 0 ? [] : [{ text: `${label}: ${value.length}`, examples: examplesOf(value) }];
  const inner = objectOf(value);
  return inner === null ? [] : Object.entries(inner).flatMap(([name, part]) => linesOfField(name, part));
}

function examplesOf(values: readonly unknown[]): string[] {
  const named = values.map(nameOf);
  const rest = named.length - EXAMPLES_MAX;
  return rest > 0 ? [...named.slice(0, EXAMPLES_MAX), `and ${rest} more`] : named;
}

function nameOf(value: unknown): string {
  if (typeof value === 'string') return value;
  const object = objectOf(value) ?? {};
  const words = [
    object['name'],
    object['reference'],
    objectOf(object['service'])?.['name'],
    objectOf(object['principal'])?.['name'] ?? object['principal'],
    object['purpose'],
  ].filter((word) => typeof word === 'string');
  return words.length > 0 ? words.join(', ') : JSON.stringify(value);
}

function objectOf(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;
}

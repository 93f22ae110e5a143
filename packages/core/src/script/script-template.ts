// A shell script in which secrets are referred to, as `${secrets.getValue("name")}`. The client reads from it which secrets it needs, the
// delegate the same, and then fills in their values. Both by this code, so that they cannot differ.
//
// Unlike in other templates, each expression becomes a shell variable that holds the value: it is never text that a shell reads, so no
// value can add commands to a script, whatever stands in it.
import { AppError } from '../errors/app-error.ts';
import { referenceAt } from '../secret/secret-reference.ts';
import type { PlaceReference } from '../secret/secret-reference.ts';
import { applyFilters } from '../template/filters.ts';
import type { FilterName } from '../template/filters.ts';
import { parseTemplate, templateError } from '../template/parse-template.ts';
import type { TemplatePart } from '../template/parse-template.ts';

const NUL = 0;
const QUOTE = 0x27;

/** `isWord`: it was written with the filter `shell`, so it has to be one word wherever it stands. */
type Part = string | { variable: Variable; isWord: boolean };
type Variable = { name: string; reference: string; filters: readonly FilterName[] };

export class ScriptTemplate {
  /** References that it needs, each once, in the order in which they come. */
  readonly references: readonly string[];
  readonly #parts: readonly Part[];
  readonly #variables: readonly Variable[];

  private constructor(parts: readonly Part[], variables: readonly Variable[]) {
    this.#parts = parts;
    this.#variables = variables;
    this.references = [...new Set(variables.map(({ reference }) => reference))];
  }

  /**
   * @param place what references that name no place are for; null: they stay without
   * @throws {invalid-request} {invalid-name} with line and column, for what is malformed or cannot stand in a script
   */
  static parse(text: string, place: PlaceReference | null): ScriptTemplate {
    const variables = new Map<string, Variable>();
    const parts = parseTemplate(text).parts.map((part): Part => {
      if (part.kind === 'text') return part.text;
      const reference = referenceIn(part, place);
      const filters = part.filters.filter((name) => name !== 'shell');
      const key = [reference, ...filters].join('|');
      const variable = variables.get(key) ?? { name: `__secret_${variables.size + 1}`, reference, filters };
      variables.set(key, variable);
      return { variable, isWord: part.filters.includes('shell') };
    });
    return new ScriptTemplate(parts, [...variables.values()]);
  }

  /**
   * The script to be run: assignments of the values in front of its first line, variables in place of the expressions.
   * @param values by reference; all of them
   * @throws {kind-mismatch} when a value has a zero byte, which no shell can hold
   */
  render(values: ReadonlyMap<string, Uint8Array>): Uint8Array {
    const text = this.#parts.map((part) => {
      if (typeof part === 'string') return part;
      const expansion = `\${${part.variable.name}}`;
      return part.isWord ? `"${expansion}"` : expansion;
    });
    const encoder = new TextEncoder();
    const assignments = this.#variables.flatMap((variable) => [
      encoder.encode(`${variable.name}=`),
      quoted(valueOf(variable, values)),
      encoder.encode('; '),
    ]);
    return joined([...assignments, encoder.encode(text.join(''))]);
  }
}

function referenceIn(part: Extract<TemplatePart, { kind: 'value' }>, place: PlaceReference | null): string {
  const { expression, position } = part;
  if (expression.kind !== 'secret' || expression.reference.kind !== 'literal') {
    throw templateError(
      position,
      'in a script, only secrets can be referred to, by a name that is written down',
      {
        hint: 'Write ${secrets.getValue("name")}; $${ stands for a literal ${ that is not to be replaced.',
      },
    );
  }
  try {
    return referenceAt(expression.reference.text, place);
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    const reason = thrown.publicMessage.replace(/\.$/, '');
    throw templateError(position, `this is no name or address of a secret: ${reason}`, { code: thrown.code });
  }
}

const OBSTACLES = {
  'not-text': 'are not text',
  'not-shell': 'no shell can hold (zero)',
  'not-dotenv': 'readers of .env files take in different ways',
} as const;

function valueOf({ reference, filters }: Variable, values: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const value = values.get(reference);
  if (value === undefined)
    throw new AppError('internal', { publicMessage: 'A value of the script is missing.' });
  const filtered = filters.length === 0 ? value : applyFilters(value, filters);
  if (typeof filtered !== 'string' && !filtered.includes(NUL)) return filtered;
  throw new AppError('kind-mismatch', {
    publicMessage: `The value of ${reference} has bytes that ${typeof filtered === 'string' ? OBSTACLES[filtered] : 'no shell can hold (zero)'}. Write \${secrets.getValue("…") | base64}, and decode it in the script.`,
  });
}

/** In single quotes, as POSIX shells read them. */
function quoted(value: Uint8Array): Uint8Array {
  const pieces: Uint8Array[] = [];
  const apostrophe = new TextEncoder().encode(`'\\''`);
  let from = 0;
  for (let at = value.indexOf(QUOTE); at >= 0; at = value.indexOf(QUOTE, from)) {
    pieces.push(value.subarray(from, at), apostrophe);
    from = at + 1;
  }
  return joined([Uint8Array.of(QUOTE), ...pieces, value.subarray(from), Uint8Array.of(QUOTE)]);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

// What a template needs, and the text that it becomes once all of it is there.
import { isAppError } from '../errors/app-error.ts';
import { parseSecretReference } from '../secret/secret-reference.ts';
import type { Operand, Position } from './expression.ts';
import { applyFilters } from './filters.ts';
import type { FilterObstacle } from './filters.ts';
import { templateError } from './parse-template.ts';
import type { Template, TemplatePart } from './parse-template.ts';

/** Something that has to be read before a template can be rendered. */
export type TemplateNeed =
  | { kind: 'secret'; reference: string }
  | { kind: 'config-file'; path: string }
  | { kind: 'service-variable'; name: string };

/** A need and all places where it is needed, in the order of the text. */
export type LocatedNeed = TemplateNeed & { positions: readonly Position[] };

export type TemplateContext = {
  /** Variables of the template itself, e.g. from `--var name=value`. */
  variables: ReadonlyMap<string, string>;
  /** Values of those service variables that stand for the name of a secret or the path of a file. */
  serviceVariables: ReadonlyMap<string, string>;
};

type ValuePart = Extract<TemplatePart, { kind: 'value' }>;

/** Service variables whose value is a name or path: they have to be read first. */
export function indirectNames({ parts }: Template): string[] {
  const names = parts.flatMap((part) => {
    const operand = part.kind === 'value' ? operandOf(part) : null;
    return operand?.kind === 'service-variable' ? [operand.name] : [];
  });
  return [...new Set(names)];
}

/** Equal for equal needs; what values are handed over by. */
export function needKey(need: TemplateNeed): string {
  if (need.kind === 'secret') return `secret ${need.reference}`;
  return need.kind === 'config-file' ? `config-file ${need.path}` : `service-variable ${need.name}`;
}

/**
 * Everything that has to be read, each thing once.
 * @throws {invalid-request} {invalid-name} with line and column, for variables that are not given and references that cannot be
 */
export function needsOf({ parts }: Template, context: TemplateContext): LocatedNeed[] {
  const found = new Map<string, TemplateNeed & { positions: Position[] }>();
  for (const part of parts) {
    if (part.kind === 'text') continue;
    const need = needOf(part, context);
    if (need === null) continue;
    const known = found.get(needKey(need));
    if (known === undefined) found.set(needKey(need), { ...need, positions: [part.position] });
    else known.positions.push(part.position);
  }
  return [...found.values()];
}

/**
 * The text, in UTF-8.
 * @param values by `needKey`
 * @throws {not-found} for a need without a value; {kind-mismatch} for one that is not text; both with line and column
 */
export function renderTemplate(
  { parts }: Template,
  context: TemplateContext,
  values: ReadonlyMap<string, Uint8Array>,
): Uint8Array {
  const encoder = new TextEncoder();
  const pieces = parts.map((part) => {
    if (part.kind === 'text') return encoder.encode(part.text);
    const need = needOf(part, context);
    const value = need === null ? encoder.encode(plainValue(part, context)) : values.get(needKey(need));
    if (value === undefined) {
      throw templateError(part.position, 'there is no value for this', { code: 'not-found' });
    }
    const isBase64 = part.expression.kind === 'config-file' && part.expression.isBase64;
    const filtered = applyFilters(value, isBase64 ? ['base64', ...part.filters] : part.filters);
    if (typeof filtered === 'string') {
      const { reason, hint } = OBSTACLES[filtered];
      throw templateError(part.position, reason, { code: 'kind-mismatch', hint });
    }
    return filtered;
  });
  return joined(pieces);
}

const OBSTACLES: Readonly<Record<FilterObstacle, { reason: string; hint: string }>> = {
  'not-text': {
    reason: 'the value is not UTF-8 text',
    hint: 'Insert it as base64: put `| base64` after it, or use configFile.getAsBase64.',
  },
  'not-shell': {
    reason: 'the value has a zero byte, which no shell can hold',
    hint: 'Insert it as base64: put `| base64` after it, and decode it there.',
  },
  'not-dotenv': {
    reason:
      'the value has signs that readers of .env files take in different ways, such as a single quote together with $',
    hint: 'Use `| shell` if a shell reads the file, or `| base64`, or set a simpler value.',
  },
};

/** null: a variable of the template, whose value is there already. */
function needOf(part: ValuePart, context: TemplateContext): TemplateNeed | null {
  const { expression, position } = part;
  if (expression.kind === 'variable') {
    plainValue(part, context);
    return null;
  }
  if (expression.kind === 'service-variable') return expression;
  const operand = operandOf(part);
  const text = operand === null ? '' : textOf(operand, context, position);
  if (expression.kind === 'config-file') return { kind: 'config-file', path: text };
  try {
    parseSecretReference(text);
  } catch (error) {
    if (!isAppError(error)) throw error;
    // The text may come from a variable, and so is not repeated.
    throw templateError(
      position,
      `this is no name or address of a secret: ${withoutStop(error.publicMessage)}`,
      {
        code: error.code,
        cause: error,
      },
    );
  }
  return { kind: 'secret', reference: text };
}

function operandOf({ expression }: ValuePart): Operand | null {
  if (expression.kind === 'secret') return expression.reference;
  return expression.kind === 'config-file' ? expression.path : null;
}

function plainValue({ expression, position }: ValuePart, { variables }: TemplateContext): string {
  const name = expression.kind === 'variable' ? expression.name : '';
  return variables.get(name) ?? missingVariable(name, position);
}

function textOf(operand: Operand, context: TemplateContext, position: Position): string {
  if (operand.kind === 'literal') return operand.text;
  if (operand.kind === 'variable') {
    return context.variables.get(operand.name) ?? missingVariable(operand.name, position);
  }
  const value = context.serviceVariables.get(operand.name);
  if (value !== undefined) return value.trim();
  throw templateError(position, `the service has no variable ${operand.name} that could be read`, {
    code: 'not-found',
  });
}

function missingVariable(name: string, position: Position): never {
  throw templateError(position, `the variable ${name} is not given`, {
    hint: `Give it a value: --var ${name}=VALUE.`,
  });
}

function withoutStop(sentence: string): string {
  return sentence.replace(/\.$/, '');
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

// From text to parts: what is copied, and what is replaced. `$${` stands for a literal `${`.
import { AppError } from '../errors/app-error.ts';
import { isOurs, parseExpression } from './expression.ts';
import type { Expression, Position } from './expression.ts';
import { FILTERS, isFilterName } from './filters.ts';
import type { FilterName } from './filters.ts';

export type TemplatePart =
  | { kind: 'text'; text: string }
  | { kind: 'value'; expression: Expression; filters: readonly FilterName[]; position: Position };

export type Template = {
  parts: readonly TemplatePart[];
  /** Expressions of others, such as `${HOME}`, each once: they are left as they are. */
  leftAlone: readonly string[];
};

/** @throws {invalid-request} with line and column, in words and in `data` */
export function parseTemplate(text: string): Template {
  const parts: TemplatePart[] = [];
  const leftAlone = new Set<string>();
  let copied = '';
  let at = 0;
  for (let open = text.indexOf('${'); open !== -1; open = text.indexOf('${', at)) {
    if (text[open - 1] === '$' && open > at) {
      copied += `${text.slice(at, open - 1)}\${`;
      at = open + 2;
      continue;
    }
    copied += text.slice(at, open);
    if (!isOurs(text.slice(open + 2, open + 64))) {
      const end = text.indexOf('}', open);
      leftAlone.add(text.slice(open, end === -1 || end - open > 60 ? open + 60 : end + 1));
      copied += '${';
      at = open + 2;
      continue;
    }
    const position = positionOf(text, open);
    const end = endOfExpression(text, open + 2);
    if (end === null) throw templateError(position, 'the expression that begins here has no } at its end');
    if (copied !== '') parts.push({ kind: 'text', text: copied });
    copied = '';
    parts.push({ kind: 'value', position, ...parseInner(text.slice(open + 2, end), position) });
    at = end + 1;
  }
  copied += text.slice(at);
  if (copied !== '') parts.push({ kind: 'text', text: copied });
  return { parts, leftAlone: [...leftAlone] };
}

/** An error about one place of a template. */
export function templateError(
  position: Position,
  reason: string,
  options: TemplateErrorOptions = {},
): AppError {
  return new AppError(options.code ?? 'invalid-request', {
    publicMessage: `line ${position.line}, column ${position.column}: ${reason}.`,
    data: {
      hint:
        options.hint ??
        'Correct the template at that place; $${ stands for a literal ${ that is not to be replaced.',
      ...position,
    },
    ...(options.cause === undefined ? {} : { cause: options.cause }),
  });
}

type TemplateErrorOptions = { code?: AppError['code']; hint?: string; cause?: unknown };

function parseInner(inner: string, position: Position): { expression: Expression; filters: FilterName[] } {
  const [head = '', ...names] = splitAtPipes(inner).map((part) => part.trim());
  const filters = names.map((name) => {
    if (isFilterName(name)) return name;
    throw templateError(position, `a filter is one of ${Object.keys(FILTERS).join(', ')}`);
  });
  const outcome = parseExpression(head);
  if ('reason' in outcome) throw templateError(position, outcome.reason);
  return { expression: outcome.expression, filters };
}

/** The index of the brace that ends an expression; braces in quotes do not. An expression is on one line. */
function endOfExpression(text: string, from: number): number | null {
  let quote: string | null = null;
  for (let at = from; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === '\n') return null;
    if (quote !== null) {
      if (char === quote) quote = null;
    } else if (char === '"' || char === "'") quote = char;
    else if (char === '}') return at;
  }
  return null;
}

function splitAtPipes(inner: string): string[] {
  const parts = [''];
  let quote: string | null = null;
  for (let at = 0; at < inner.length; at += 1) {
    const char = inner.charAt(at);
    if (quote === null && char === '|') {
      parts.push('');
      continue;
    }
    if (char === quote) quote = null;
    else if (quote === null && (char === '"' || char === "'")) quote = char;
    parts[parts.length - 1] += char;
  }
  return parts;
}

function positionOf(text: string, index: number): Position {
  const before = text.slice(0, index);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: index - lineStart + 1 };
}

// What a mounted file says: all variables in one of three forms, or a template with some of them.
import { AppError } from '@sallyport/core';
import { dotenvValue, yamlText } from '@sallyport/core/template';
import type { MountChoice } from './run-options.ts';

/** @throws {invalid-request} {secret-missing} when a template names what is not there; messages name variables, never values */
export function mountContent(
  content: MountChoice['content'],
  variables: ReadonlyMap<string, string>,
): string {
  if ('template' in content) return filledTemplate(content.template, variables);
  const entries = [...variables];
  if (content.format === 'json') return `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`;
  const line = content.format === 'yaml' ? yamlLine : dotenvLine;
  return entries.map(([name, value]) => `${line(name, value)}\n`).join('');
}

function yamlLine(name: string, value: string): string {
  // The name, too: NO, for example, would be no text.
  return `${yamlText(name)}: ${yamlText(value)}`;
}

function dotenvLine(name: string, value: string): string {
  const written = dotenvValue(value);
  if (written !== null) return `${name}=${written}`;
  throw new AppError('invalid-request', {
    publicMessage: `${name} has signs that a .env file cannot hold, or that its readers take in different ways, such as a single quote together with $.`,
    data: { hint: 'Use --mount-format json or yaml, or --mount-template.' },
  });
}

const PLACEHOLDER = /\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*(?:\|\s*([a-z0-9]+)\s*)?\}\}/g;
const FILTERS: Readonly<Record<string, (value: string) => string>> = {
  json: (value) => JSON.stringify(value),
  base64: (value) => Buffer.from(value).toString('base64'),
};

/** `{{ NAME }}`, `{{ NAME | json }}`, `{{ NAME | base64 }}`. */
function filledTemplate(template: string, variables: ReadonlyMap<string, string>): string {
  const missing = new Set<string>();
  const filled = template.replaceAll(PLACEHOLDER, (_, name: string, filter: string | undefined) => {
    const value = variables.get(name);
    if (value === undefined) {
      missing.add(name);
      return '';
    }
    if (filter === undefined) return value;
    const apply = Object.hasOwn(FILTERS, filter) ? FILTERS[filter] : undefined;
    if (apply === undefined) {
      throw new AppError('invalid-request', {
        publicMessage: `The template uses the filter "${filter}", which there is not: json and base64 are.`,
      });
    }
    return apply(value);
  });
  if (missing.size === 0) return filled;
  throw new AppError('secret-missing', {
    publicMessage: `The template names what the program does not get: ${[...missing].join(', ')}.`,
    data: { hint: 'Placeholders are names of variables, such as {{ DB_PASSWORD }}.' },
  });
}

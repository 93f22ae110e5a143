// The `.env` form: NAME=value lines, as far as the tools that read such files agree on it. Nothing is expanded: a dollar sign is a dollar
// sign.
import { AppError } from '@sallyport/core';

/** One line that gives a variable a value. */
export type MappingEntry = { variable: string; text: string; line: number };

/** @param what names the file in errors. @throws {config-invalid} with the line, never with what is in it */
export function parseDotenv(content: string, what: string): MappingEntry[] {
  const entries: MappingEntry[] = [];
  const lines = content.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  for (let index = 0; index < lines.length; index++) {
    const line = index + 1;
    const head = /^\s*(?:export\s+)?([^\s=#]+)\s*=\s*(.*)$/.exec(lines[index] ?? '');
    if (head === null) {
      if (/^\s*(#.*)?$/.test(lines[index] ?? '')) continue;
      throw damaged(what, line, 'it is not NAME=value');
    }
    const [, variable = '', rest = ''] = head;
    const quote = rest.charAt(0);
    if (quote !== '"' && quote !== "'") {
      entries.push({ variable, text: rest.replace(/(^|\s)#.*$/, '').trim(), line });
      continue;
    }
    // A quoted value may go on over several lines.
    let text = rest.slice(1);
    let end = closingQuote(text, quote);
    while (end < 0) {
      index += 1;
      if (index >= lines.length) throw damaged(what, line, 'its quote is not closed');
      text += `\n${lines[index] ?? ''}`;
      end = closingQuote(text, quote);
    }
    if (!/^\s*(#.*)?$/.test(text.slice(end + 1))) throw damaged(what, line, 'something follows its quote');
    const inner = text.slice(0, end);
    entries.push({ variable, text: quote === '"' ? unescaped(inner) : inner, line });
  }
  return entries;
}

/** @returns -1 when there is none */
function closingQuote(text: string, quote: string): number {
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\' && quote === '"') at += 1;
    else if (text[at] === quote) return at;
  }
  return -1;
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

function unescaped(text: string): string {
  return text.replaceAll(/\\([nrt"\\$`])/g, (_, sign: string) => ESCAPES[sign] ?? sign);
}

/** A line that cannot be read. */
export function damaged(what: string, line: number, why: string): AppError {
  return new AppError('config-invalid', {
    publicMessage: `Line ${line} of ${what} cannot be read: ${why}.`,
    data: { hint: 'A line is NAME=value, or NAME: value in YAML; quote values with special signs.' },
  });
}

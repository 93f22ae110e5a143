// Files of variables, as shells and containers read them: NAME=value a line, with comments, `export`, and values in quotes, which may go
// over several lines. A line that is not understood is an error: what it holds would otherwise not be masked.
import { usageError } from '../command-line/usage-error.ts';

const NAME = /^(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*=[ \t]*/;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

/** @param path only for errors. @throws {invalid-request} with the number of the line, never with what it says */
export function parseEnvFile(text: string, path: string): { name: string; value: string }[] {
  const found: { name: string; value: string }[] = [];
  let at = 0;
  while (at < text.length) {
    const lineEnd = endOfLine(text, at);
    const line = text.slice(at, lineEnd);
    if (/^\s*(#|$)/.test(line)) {
      at = lineEnd + 1;
      continue;
    }
    const indent = /^\s*/.exec(line)?.[0].length ?? 0;
    const [head = '', name = ''] = NAME.exec(line.slice(indent)) ?? [];
    const start = at + indent + head.length;
    const parsed = head === '' ? null : valueAt(text, start);
    if (parsed === null) {
      const number = text.slice(0, at).split('\n').length;
      throw usageError(`${path} is not a file of variables: line ${number} cannot be read.`);
    }
    found.push({ name, value: parsed.value });
    at = parsed.end;
  }
  return found;
}

function valueAt(text: string, start: number): { value: string; end: number } | null {
  const quote = text[start];
  if (quote !== '"' && quote !== "'") {
    const end = endOfLine(text, start);
    return {
      value: text
        .slice(start, end)
        .replace(/(^|[ \t])#.*$/, '')
        .trim(),
      end: end + 1,
    };
  }
  let value = '';
  let at = start + 1;
  for (; at < text.length && text[at] !== quote; at += 1) {
    const char = text.charAt(at);
    if (char === '\\' && quote === '"') {
      at += 1;
      value += ESCAPES[text.charAt(at)] ?? text.charAt(at);
    } else value += char;
  }
  const end = endOfLine(text, at);
  const isEnded = text[at] === quote && /^[ \t\r]*(#.*)?$/.test(text.slice(at + 1, end));
  return isEnded ? { value, end: end + 1 } : null;
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end === -1 ? text.length : end;
}

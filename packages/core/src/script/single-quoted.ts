// Finds where somebody put a secret inside single quotes, as scripts for other products do. A shell fills nothing in there, so the script would
// run with the wrong text. A judgement by line, for a warning; the shell alone knows for sure.
import { isOurs } from '../template/expression.ts';

/** Lines, from 1, with an expression inside single quotes that begin on the same line. */
export function singleQuotedLines(text: string): number[] {
  return text.split('\n').flatMap((line, index) => (hasSingleQuoted(line) ? [index + 1] : []));
}

function hasSingleQuoted(line: string): boolean {
  let quote = '';
  for (let at = 0; at < line.length; at += 1) {
    const char = line.charAt(at);
    if (quote !== "'" && char === '\\') at += 1;
    else if (line.startsWith('${', at) && isOurs(line.slice(at + 2))) {
      if (quote === "'") return true;
      // Quotes inside an expression are its own.
      const end = line.indexOf('}', at);
      if (end < 0) return false;
      at = end;
    } else if (char === quote) quote = '';
    else if (quote === '' && (char === "'" || char === '"')) quote = char;
    else if (quote === '' && char === '#' && /^\s*$/.test(line.slice(Math.max(0, at - 1), at))) return false;
  }
  return false;
}

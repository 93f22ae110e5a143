// The YAML of mapping files: one mapping of names to texts and numbers. All of YAML that can stand in such a file is read as YAML means it;
// what could be meant otherwise (anchors, tags, nested mappings, lists) is refused rather than guessed at.
import { damaged } from './parse-dotenv.ts';
import type { MappingEntry } from './parse-dotenv.ts';

/** @param what names the file in errors. @throws {config-invalid} with the line, never with what is in it */
export function parseFlatYaml(content: string, what: string): MappingEntry[] {
  const entries: MappingEntry[] = [];
  const lines = content.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  for (let index = 0; index < lines.length; index++) {
    const text = lines[index] ?? '';
    const line = index + 1;
    if (/^\s*(#.*)?$/.test(text) || /^(---|\.\.\.)\s*(#.*)?$/.test(text)) continue;
    const head = /^(?:"([^"\\]+)"|'([^']+)'|([^\s'":#&*!|>%@`{}[\],-][^\s:#]*))\s*:(?:\s+(.*))?$/.exec(text);
    if (head === null) {
      throw damaged(what, line, /^\s/.test(text) ? 'it belongs to a nested value' : 'it is not NAME: value');
    }
    const variable = head[1] ?? head[2] ?? head[3] ?? '';
    const rest = (head[4] ?? '').trim();
    const block = /^([|>])([+-]?)\s*(#.*)?$/.exec(rest);
    if (block === null) {
      entries.push({ variable, text: scalarOf(rest, what, line), line });
      continue;
    }
    const body: string[] = [];
    while (index + 1 < lines.length && /^(\s|$)/.test(lines[index + 1] ?? ''))
      body.push(lines[++index] ?? '');
    entries.push({ variable, text: blockText(body, { style: block[1] ?? '', chomp: block[2] ?? '' }), line });
  }
  return entries;
}

function scalarOf(text: string, what: string, line: number): string {
  if (text.startsWith('"')) {
    const end = /^"((?:[^"\\]|\\.)*)"\s*(#.*)?$/.exec(text);
    if (end === null) throw damaged(what, line, 'its quote is not closed, or something follows it');
    try {
      return JSON.parse(`"${end[1] ?? ''}"`) as string;
    } catch {
      throw damaged(what, line, 'it has an escape that is not known');
    }
  }
  if (text.startsWith("'")) {
    const end = /^'((?:[^']|'')*)'\s*(#.*)?$/.exec(text);
    if (end === null) throw damaged(what, line, 'its quote is not closed, or something follows it');
    return (end[1] ?? '').replaceAll("''", "'");
  }
  const plain = text.replace(/(^|\s)#.*$/, '').trim();
  if (/^[&*!%@`{[\]},]/.test(plain) || /:(\s|$)/.test(plain)) {
    throw damaged(what, line, 'its value is more than a text; put it in quotes if it is one');
  }
  return ['~', 'null', 'Null', 'NULL'].includes(plain) ? '' : plain;
}

/** A literal (`|`) or folded (`>`) block; its first line says how far it is indented. */
function blockText(lines: readonly string[], how: { style: string; chomp: string }): string {
  const indent = /^\s*/.exec(lines.find((line) => line.trim() !== '') ?? '')?.[0].length ?? 0;
  const cut = lines.map((line) => line.slice(indent));
  const whole = cut.join('\n').replace(/\n+$/, '');
  const text =
    how.style === '|' ? whole : whole.replaceAll(/([^\n])\n(?=[^\n])/g, '$1 ').replaceAll(/\n\n/g, '\n');
  if (how.chomp === '-' || text === '') return text;
  const trailing =
    how.chomp === '+' ? '\n'.repeat(cut.length - cut.findLastIndex((line) => line !== '') - 1) : '';
  return `${text}\n${trailing}`;
}

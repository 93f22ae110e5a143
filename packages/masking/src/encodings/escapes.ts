// Escapes inside quoted text: JSON as common encoders write it, shell quoting, and the doubling of quotes in YAML, SQL and CSV. The
// quotes around are not part of a form, so that a value in the middle of a longer string is found too.
import { utf8ByteString } from './bytes.ts';

const SHORT_JSON_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};
/** What an encoder escapes besides what JSON demands. */
type JsonEncoder = { also: RegExp; slash?: boolean; upperCase?: boolean; noShortQuote?: boolean };
const JSON_ENCODERS: readonly JsonEncoder[] = [
  // JavaScript, and most others by default.
  { also: /(?!)/ },
  { also: /[\u007f]/ },
  // Python, with `ensure_ascii`; others write the digits in upper case.
  { also: /[\u0080-\uffff]/ },
  { also: /[\u007f-\uffff]/ },
  { also: /[\u0080-\uffff]/, upperCase: true },
  // PHP.
  { also: /[\u0080-\uffff]/, slash: true },
  { also: /(?!)/, slash: true },
  // Go, and Gson with its defaults.
  { also: /[<>&\u2028\u2029]/ },
  { also: /[<>&='\u2028\u2029]/ },
  // .NET.
  { also: /["&'+<>`\u007f-\uffff]/, upperCase: true, noShortQuote: true },
];

/** JSON escapes of a text, without the quotes around it. Its last form is the text escaped twice, as JSON within JSON. */
export function jsonForms(text: string): string[] {
  const forms = JSON_ENCODERS.map((encoder) => escapeJson(text, encoder));
  const once = JSON.stringify(text).slice(1, -1);
  return [...forms, JSON.stringify(once).slice(1, -1)].map(utf8ByteString);
}

function escapeJson(text: string, encoder: JsonEncoder): string {
  let result = '';
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charAt(at);
    const short = SHORT_JSON_ESCAPES[unit];
    if (short !== undefined && !(unit === '"' && encoder.noShortQuote === true)) result += short;
    else if (unit === '/' && encoder.slash === true) result += '\\/';
    else if (unit < ' ' || encoder.also.test(unit)) result += unicodeEscape(unit, encoder.upperCase === true);
    else result += unit;
  }
  return result;
}

function unicodeEscape(unit: string, upperCase: boolean): string {
  const digits = unit.charCodeAt(0).toString(16).padStart(4, '0');
  return `\\u${upperCase ? digits.toUpperCase() : digits}`;
}

const ANSI_C_ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\x07': '\\a',
  '\b': '\\b',
  '\x0b': '\\v',
  '\f': '\\f',
  '\x1b': '\\E',
};

/** What shells print when they quote a value, e.g. under `set -x` or `printf %q`; from bytes, one character each. */
export function shellForms(value: string): string[] {
  const octal = (char: string): string => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`;
  const hex = (char: string): string => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
  const ansiC = (unprintable: (char: string) => string): string =>
    value.replaceAll(
      // oxlint-disable-next-line no-control-regex -- these are the bytes that such quoting escapes
      /[\x00-\x1f\\'\x7f-\xff]/g,
      (char) => ANSI_C_ESCAPES[char] ?? unprintable(char),
    );
  // In a locale that knows the characters, they are printed as they are.
  // oxlint-disable-next-line no-control-regex -- as above
  const ansiCPlain = value.replaceAll(/[\x00-\x1f\\'\x7f]/g, (char) => ANSI_C_ESCAPES[char] ?? octal(char));
  return [
    value.replaceAll("'", `'\\''`),
    value.replaceAll("'", `'"'"'`),
    // Bash's `printf %q`, Ruby's Shellwords, and those that leave alone only what is safe anywhere.
    value.replaceAll(/[ '"\\|&;()<>!{}*[\]?^$`,]|^[#~]/g, String.raw`\$&`),
    value.replaceAll(/[^A-Za-z0-9_.,:+/@\n\x80-\xff-]/g, String.raw`\$&`),
    value.replaceAll(/[^A-Za-z0-9_./\n\x80-\xff-]/g, String.raw`\$&`),
    value.replaceAll(/["\\$`]/g, String.raw`\$&`),
    value.replaceAll(/["\\$`!]/g, String.raw`\$&`),
    ansiC(octal),
    ansiC(hex),
    ansiCPlain,
  ];
}

/** Quotes doubled, or escaped for HTML and XML. */
export function quoteForms(value: string): string[] {
  const markup = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const quoted = markup.replaceAll('"', '&quot;');
  return [
    value.replaceAll("'", "''"),
    value.replaceAll('"', '""'),
    markup,
    quoted,
    quoted.replaceAll("'", '&#39;'),
    quoted.replaceAll("'", '&#x27;'),
    quoted.replaceAll("'", '&apos;'),
    markup.replaceAll('"', '&#34;').replaceAll("'", '&#39;'),
  ];
}

// URL encoding: which characters stay as they are differs between encoders, so each common set is a form of its own.

const UNRESERVED = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.';
/** Sets of characters that common encoders leave alone, and what a blank becomes. */
const ENCODERS: readonly { kept: string; blank?: '+' }[] = [
  // RFC 3986, Go's PathEscape, Ruby's ERB::Util.
  { kept: `${UNRESERVED}~` },
  // Python's quote.
  { kept: `${UNRESERVED}~/` },
  // JavaScript's encodeURIComponent.
  { kept: `${UNRESERVED}~!*'()` },
  // JavaScript's encodeURI.
  { kept: `${UNRESERVED}~!*'();,/?:@&=+$#` },
  // Forms: URLSearchParams and Java, then Python and Go, then PHP.
  { kept: `${UNRESERVED}*`, blank: '+' },
  { kept: `${UNRESERVED}~`, blank: '+' },
  { kept: UNRESERVED, blank: '+' },
];

/** All forms of one value, with upper and lower case digits. */
export function percentForms(value: string): string[] {
  return ENCODERS.flatMap(({ kept, blank }) => {
    const encode = (digits: (code: string) => string): string =>
      replaceEach(value, (char) => {
        if (kept.includes(char)) return char;
        if (char === ' ' && blank !== undefined) return blank;
        return `%${digits(char.charCodeAt(0).toString(16).padStart(2, '0'))}`;
      });
    return [encode((code) => code.toUpperCase()), encode((code) => code)];
  });
}

function replaceEach(text: string, replace: (char: string) => string): string {
  let result = '';
  for (const char of text) result += replace(char);
  return result;
}

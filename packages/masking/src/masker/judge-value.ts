// Which values can be masked at all. A value of one character, or one such as `true`, stands in too much output that has nothing to do
// with it: masking it would garble every line and, by where the mask stands, tell what it is. Such values are reported instead.
// It imports nothing, so that a page can say it while a value is typed.

/** Why a value is not masked. */
export type ValueProblem = 'empty' | 'too-short' | 'too-common';

/** What it says to people, to be put after a name. Never the value, and nothing that narrows it down further than the rule does. */
export const VALUE_PROBLEMS: Readonly<Record<ValueProblem, string>> = {
  empty: 'is empty, so there is nothing to mask',
  'too-short': 'is too short to be masked in output: it would be found everywhere',
  'too-common': 'is a common word or number and is not masked in output: it would be found everywhere',
};

/** In bytes, without blanks around. */
export const MASKED_MIN_BYTES = 3;
const MASKED_MIN_DIGITS = 4;

/** Compared without letter case. Words that configuration and log lines are full of, and first guesses of anybody. */
const COMMON = new Set(
  `true false null none nil undefined yes no on off enabled disabled default auto empty unset
  admin administrator root user username guest test testing demo example sample dummy changeme change-me
  pass password passwd passw0rd secret token key value string number name mask masked redacted
  abc123 qwerty letmein welcome foo bar baz foobar
  prod production staging stage dev develop development local localhost localdev qa uat
  info warn warning error debug trace fatal verbose quiet
  main master latest stable app api web server client database postgres postgresql mysql redis
  http https tcp udp tls ssl get post put patch delete head
  127.0.0.1 0.0.0.0 ::1 1234 12345 123456 12345678 123456789 1234567890
  3000 3306 5000 5432 6379 8000 8080 8443 9000 9090 9200 27017`.split(/\s+/),
);

/** Blanks around a value are no secret and are left alone. */
export function trimBlanks(value: Uint8Array): Uint8Array {
  let start = 0;
  let end = value.length;
  while (start < end && isBlank(value[start])) start += 1;
  while (end > start && isBlank(value[end - 1])) end -= 1;
  return value.subarray(start, end);
}

/** Why the value cannot be masked; `null` when it can be. */
export function judgeValue(value: Uint8Array): ValueProblem | null {
  const trimmed = trimBlanks(value);
  const [first] = trimmed;
  if (first === undefined) return 'empty';
  const hasOnlyDigits = trimmed.every((byte) => byte >= 0x30 && byte <= 0x39);
  if (trimmed.length < (hasOnlyDigits ? MASKED_MIN_DIGITS : MASKED_MIN_BYTES)) return 'too-short';
  if (trimmed.every((byte) => byte === first)) return 'too-common';
  return trimmed.length <= 16 && COMMON.has(String.fromCharCode(...trimmed).toLowerCase())
    ? 'too-common'
    : null;
}

/** Tab to carriage return, and the space. */
function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d);
}

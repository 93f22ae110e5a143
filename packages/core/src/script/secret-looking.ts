// Finds lines of a script that look as if they held a secret itself instead of a reference to one. A rough look, for a warning before a
// script is stored in clear; it is no proof that there is none.

/** `password=…`, `API_TOKEN: …`, `--secret …`, with a value that is written down and is no variable or expression. */
const NAMED =
  /(?:passw(?:or)?d|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential)s?["']?\s*(?:[:=]|\s)\s*["']?(?![$"'\s<])[^\s"'$]{6,}/i;
/** `https://user:password@host` */
const IN_ADDRESS = /[a-z][a-z0-9+.-]*:\/\/[^\s/:@$]+:[^\s/@$]{3,}@/i;
const KNOWN_FORM =
  /-----BEGIN [A-Z ]*PRIVATE KEY-----|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bgh[pousr]_[A-Za-z0-9]{20,}/;
const WORD = /[A-Za-z0-9+=_-]{24,}/g;
/** Bits per character above which a long word is taken for random; words and paths of people have less. */
const RANDOM_BITS = 4.1;
const EXPRESSION = /\$\{[^}]*\}/g;

/** Lines, from 1, that look as if they held a secret. */
export function secretLookingLines(text: string): number[] {
  return text.split('\n').flatMap((line, index) => (looksSecret(line) ? [index + 1] : []));
}

function looksSecret(line: string): boolean {
  // What is filled in at the delegate, or is a variable of the shell, is not written down here.
  const written = line.replaceAll(EXPRESSION, '$');
  if (NAMED.test(written) || IN_ADDRESS.test(written) || KNOWN_FORM.test(written)) return true;
  return (written.match(WORD) ?? []).some(isRandom);
}

function isRandom(word: string): boolean {
  const kinds = [/[a-z]/, /[A-Z]/, /[0-9]/].filter((kind) => kind.test(word)).length;
  // A hash in hex is usually there to check a download, and has only two kinds.
  return kinds === 3 && bitsPerCharacter(word) > RANDOM_BITS;
}

/** Shannon entropy of its characters. */
function bitsPerCharacter(word: string): number {
  const counts = new Map<string, number>();
  for (const char of word) counts.set(char, (counts.get(char) ?? 0) + 1);
  return [...counts.values()].reduce((sum, count) => {
    const share = count / word.length;
    return sum - share * Math.log2(share);
  }, 0);
}

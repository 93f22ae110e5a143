// A value as it stands behind NAME= in a .env file. Readers of such files differ; what is written here they all take for the same: bash,
// Docker Compose, Node and its dotenv package, python-dotenv and godotenv were tried.

/** null: there is no form that all readers take for this text. */
export function dotenvValue(text: string): string | null {
  if (/^[A-Za-z0-9_.,:/@%+-]+$/.test(text)) return text;
  if (/[\0\r\u2028\u2029]/.test(text)) return null;
  if (meansItselfInSingleQuotes(text)) return `'${text}'`;
  return /["\\$`]/.test(text) ? null : `"${text}"`;
}

/** python-dotenv takes `${…}` for a variable even there, and two backslashes for one; others look for the end behind a backslash. */
function meansItselfInSingleQuotes(text: string): boolean {
  return !/'|\$\{|\\\\|\\$/.test(text);
}

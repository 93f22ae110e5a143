// How people say what the audit trail has.
const WORDS: Readonly<Record<string, string>> = {
  api: 'API',
  sso: 'single sign-on',
  totp: 'second factor',
};

/** E.g. `API key created`, `User second factor enabled`. */
export function sayAction(action: string): string {
  const text = action
    .split(/[.-]/)
    .map((word) => WORDS[word] ?? word)
    .join(' ')
    .replace('sign in', 'sign-in');
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

/** What an action is about, e.g. `secrets-manager`. */
export function topicOf(action: string): string {
  return action.split('.')[0] ?? action;
}

/** Whether a record is of something that was refused or failed. */
export function isRefusal(action: string): boolean {
  return /(?:refused|failed)$/.test(action);
}

// What can be said of a new password before it is sent. The server decides, and knows passwords that are too easy to guess.

const SHORTEST = 12;
const LONGEST = 1024;

/** What is wrong with it, for a person; `null`: nothing that could be seen here. */
export function judgePassword(password: string): string | null {
  const characters = Array.from(password).length;
  if (characters < SHORTEST) {
    const missing = SHORTEST - characters;
    return characters === 0
      ? 'Choose a password.'
      : `It is too short: ${missing} more ${missing === 1 ? 'character' : 'characters'}.`;
  }
  return characters > LONGEST ? `It has more than ${LONGEST.toLocaleString('en')} characters.` : null;
}

// The environment that secrets are put into: what is inherited, what is not passed on, and who wins.

/** What authenticates to Sallyport, and what the launcher leaves behind. Programs do not get it unless asked. */
const OURS = [
  'SALLYPORT_TOKEN',
  'SALLYPORT_TOKEN_FILE',
  'SALLYPORT_DELEGATE_TOKEN',
  'SALLYPORT_ROOT_KEY',
  'SALLYPORT_HANDED_OVER',
];
/** What a program needs to find its way, with `--only-secrets`; and all that begin with LC_. */
export const KEPT_ALWAYS = ['HOME', 'LANG', 'LOGNAME', 'PATH', 'SHELL', 'TERM', 'TMPDIR', 'TZ', 'USER'];

export type Inheritance = {
  /** Nothing but secrets and `KEPT_ALWAYS`. */
  onlySecrets: boolean;
  /** Variables that win over secrets where they are set already. */
  preserved: readonly string[];
  keepToken: boolean;
};

/** The environment of the program. @param inherited what this process has; @param secrets what it gets */
export function environmentOf(
  inherited: Readonly<Record<string, string>>,
  secrets: ReadonlyMap<string, string>,
  { onlySecrets, preserved, keepToken }: Inheritance,
): Record<string, string> {
  const wins = new Set(preserved);
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(inherited)) {
    const isOurs = OURS.includes(name) && !(keepToken && name.startsWith('SALLYPORT_TOKEN'));
    const isKept = !onlySecrets || KEPT_ALWAYS.includes(name) || name.startsWith('LC_') || wins.has(name);
    if (!isOurs && isKept) environment[name] = value;
  }
  for (const [name, value] of secrets) {
    if (!(wins.has(name) && Object.hasOwn(inherited, name))) environment[name] = value;
  }
  return environment;
}

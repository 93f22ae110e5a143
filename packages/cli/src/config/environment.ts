// The one place that reads the process's environment. Everything else gets what it needs from here, by name.
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { AppError } from '@sallyport/core';

/** Environment variables that the command knows, and what they are for; docs/reference/cli.md lists them. */
export const ENVIRONMENT_VARIABLES = {
  SALLYPORT_ADDR: 'Address of the server.',
  SALLYPORT_TOKEN: 'API key.',
  SALLYPORT_TOKEN_FILE: 'File with the API key; SALLYPORT_TOKEN goes first.',
  SALLYPORT_APP: 'Application in which secrets are used, for commands that take --app.',
  SALLYPORT_ENV: 'Environment of that application, for commands that take --env.',
  SALLYPORT_PURPOSE: 'What requests are for, e.g. the id of a deployment; it goes into the audit trail.',
  SALLYPORT_CA_FILE: "PEM certificates to trust for the server's TLS instead of the system's.",
  SALLYPORT_STRICT: '1: refuse delegates that are not known yet.',
  SALLYPORT_KNOWN_DELEGATES: 'File of known delegates.',
  SALLYPORT_ALLOW_PLAIN_HTTP: '1: permit plain http beyond this machine.',
  SALLYPORT_DELEGATE_TOKEN: 'Delegate token, for `delegate run`.',
  SALLYPORT_LOCAL_LISTEN:
    'Where programs beside a delegate may read, for `delegate run`; commas between several.',
  SALLYPORT_LOCAL_HOSTS: 'Host names by which they may call it, for `delegate run`; commas between several.',
  SALLYPORT_LOCAL_TLS_CERT: 'Certificate of local endpoints beyond loopback, for `delegate run`.',
  SALLYPORT_LOCAL_TLS_KEY: 'Private key to it, for `delegate run`.',
  SALLYPORT_ROOT_KEY: "The server's root key, 32 bytes in base64, for `server run`.",
  SALLYPORT_DATA: 'Data folder, for `start`, `server run` and `delegate run`.',
  VAULT_ADDR: 'Address of a Vault or OpenBao, for `import --from vault`.',
  VAULT_TOKEN: 'Token for it.',
  VAULT_NAMESPACE: 'Namespace in it.',
  VAULT_CACERT: "File with PEM certificates to trust for its TLS instead of the system's.",
  BAO_ADDR: 'As VAULT_ADDR, where that is not set; then BAO_TOKEN, BAO_NAMESPACE and BAO_CACERT go with it.',
  BAO_TOKEN: 'Token for the address in BAO_ADDR.',
  BAO_NAMESPACE: 'Namespace there.',
  BAO_CACERT: 'File with PEM certificates to trust for its TLS.',
  PORT: 'Port of the server, for `start` and `server run`; 8200 without it.',
  XDG_CONFIG_HOME: 'Folder of user configuration; ~/.config without it.',
  XDG_CACHE_HOME: 'Folder of caches; ~/.cache without it.',
  NO_COLOR: 'Set to anything: no colour.',
  TERM: 'dumb: no colour.',
} as const;

export type VariableName = keyof typeof ENVIRONMENT_VARIABLES;

export type Environment = {
  /** A variable's value; `null` when it is not set or empty. */
  read(name: VariableName): string | null;
  /** Any variable, by a name that somebody typed; `null` when it is not set. */
  valueOf(name: string): string | null;
  /** Whether a variable says yes: `1`, `true` or `yes`. @throws {config-invalid} when it says neither yes nor no */
  isOn(name: VariableName): boolean;
  /** `$XDG_CONFIG_HOME/sallyport`, or `~/.config/sallyport`. */
  readonly configFolder: string;
  /** The AWS part: all variables that begin with `AWS_`, and HOME, below which AWS's own files are. */
  aws(): Record<string, string>;
  /** Every variable, for a program that takes the place of this one. */
  all(): Record<string, string>;
  /** Everything but the AWS part and what is secret of ours; for programs that are started from here. */
  forChildren(): Record<string, string>;
};

/** Reads an environment; that of this process unless another one is given. */
export function readEnvironment(
  variables: Readonly<Record<string, string | undefined>> = process.env,
): Environment {
  const read = (name: VariableName): string | null => {
    const value = variables[name];
    return value === undefined || value === '' ? null : value;
  };
  const select = (keep: (name: string) => boolean): Record<string, string> => {
    const kept: Record<string, string> = {};
    for (const [name, value] of Object.entries(variables)) {
      if (value !== undefined && keep(name)) kept[name] = value;
    }
    return kept;
  };
  const configHome = read('XDG_CONFIG_HOME');
  return {
    read,
    valueOf: (name) => variables[name] ?? null,
    isOn: (name) => isYes(name, read(name)),
    configFolder: join(configHome === null ? join(homedir(), '.config') : resolve(configHome), 'sallyport'),
    aws: () => select((name) => name.startsWith('AWS_') || name === 'HOME'),
    all: () => select(() => true),
    forChildren: () => select((name) => !name.startsWith('AWS_') && !name.startsWith('SALLYPORT_')),
  };
}

function isYes(name: VariableName, value: string | null): boolean {
  const text = value?.toLowerCase() ?? '';
  if (['1', 'true', 'yes'].includes(text)) return true;
  if (['', '0', 'false', 'no'].includes(text)) return false;
  throw new AppError('config-invalid', { publicMessage: `${name} must be 1 or 0.` });
}

// Flags that many commands take.
import type { FlagSpec } from './command.ts';

export const HELP_FLAG = {
  help: { kind: 'switch', short: 'h', summary: 'Show what the command takes' },
} as const satisfies Record<string, FlagSpec>;

/** Where the server is, who asks, and whom to trust. */
export const CONNECTION_FLAGS = {
  address: { kind: 'text', value: 'URL', summary: 'Address of the server (SALLYPORT_ADDR)' },
  'token-file': {
    kind: 'text',
    value: 'FILE',
    completes: 'file',
    summary: 'File with the API key (SALLYPORT_TOKEN_FILE)',
  },
  token: {
    kind: 'text',
    value: 'KEY',
    summary:
      'The API key itself (SALLYPORT_TOKEN); other users of this machine can see it in the process list',
  },
  'ca-file': {
    kind: 'text',
    value: 'FILE',
    completes: 'file',
    summary: "PEM certificates to trust for the server's TLS (SALLYPORT_CA_FILE)",
  },
  strict: { kind: 'switch', summary: 'Refuse delegates that are not known yet (SALLYPORT_STRICT=1)' },
  'known-delegates': {
    kind: 'text',
    value: 'FILE',
    completes: 'file',
    summary: 'File of known delegates (SALLYPORT_KNOWN_DELEGATES)',
  },
  purpose: {
    kind: 'text',
    value: 'TEXT',
    summary:
      'What this is for, e.g. the id of a deployment; it goes into the audit trail (SALLYPORT_PURPOSE)',
  },
  'allow-plain-http': {
    kind: 'switch',
    summary: 'Permit plain http beyond this machine; tokens then cross the network in clear',
  },
} as const satisfies Record<string, FlagSpec>;

/** Output as a table for people or as JSON for scripts. */
export const OUTPUT_FLAG = {
  output: {
    kind: 'text',
    short: 'o',
    value: 'FORMAT',
    choices: ['table', 'json'],
    summary: 'table (default) or json; with json, errors are JSON as well',
  },
} as const satisfies Record<string, FlagSpec>;

/** Where a secret is used: an application and one of its environments. */
export const SCOPE_FLAGS = {
  app: {
    kind: 'text',
    short: 'a',
    value: 'APP',
    completes: 'application',
    summary: 'Application, by name or id (SALLYPORT_APP)',
  },
  env: {
    kind: 'text',
    short: 'e',
    value: 'ENV',
    completes: 'environment',
    summary: 'Environment of that application, by name or id (SALLYPORT_ENV)',
  },
} as const satisfies Record<string, FlagSpec>;

/** For commands that take something away. */
export const YES_FLAG = {
  yes: { kind: 'switch', short: 'y', summary: 'Do not ask; needed when not on a terminal' },
} as const satisfies Record<string, FlagSpec>;

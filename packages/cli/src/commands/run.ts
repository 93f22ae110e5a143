// The command that starts a program with its secrets. What it does is in ../run/, loaded when it is called.
import type { Command } from '../command-line/command.ts';
import { SCOPE_FLAGS } from '../command-line/shared-flags.ts';
import { TRANSFORMS } from '../run/variable-name.ts';

const RUN: Command = {
  path: ['run'],
  summary: 'Start a program with its secrets as environment variables',
  details: [
    'The program gets everything that may be used at --app and --env, or what --env-from, --set and --service name; with --all, both. If a secret is missing, nothing is started.',
    'Later ones win: the place, the service, files in their order, --set. `exec` is another word for `run`.',
    'Exit code and signals are those of the program. Values in its output are masked wherever that is not a terminal.',
  ],
  program: { name: 'PROGRAM', summary: 'what to start, with its arguments' },
  flags: {
    ...SCOPE_FLAGS,
    'env-from': {
      kind: 'text',
      value: 'FILE',
      repeatable: true,
      completes: 'file',
      summary:
        'Variables from a .env, YAML or JSON file; values may be sally://app/env/name[@version], or sally:///name for the place, if one is said (repeatable)',
    },
    'env-file': {
      kind: 'text',
      value: 'FILE',
      repeatable: true,
      completes: 'file',
      summary: 'Refused, since Node takes it for itself: use --env-from',
    },
    set: {
      kind: 'text',
      value: 'NAME=REF',
      repeatable: true,
      summary: 'One variable: a reference as in files, or a plain value (repeatable)',
    },
    service: {
      kind: 'text',
      value: 'SERVICE',
      summary: 'The variables of this service of the application; its files with --files',
    },
    all: { kind: 'switch', summary: 'Everything of the place, beside what is named' },
    exclude: {
      kind: 'text',
      value: 'SECRET',
      repeatable: true,
      completes: 'secret',
      summary: 'A secret of the place to leave out (repeatable)',
    },
    files: {
      kind: 'switch',
      summary: 'Put secrets that are files into a private folder; their variables hold the paths',
    },
    transform: {
      kind: 'text',
      value: 'FORM',
      choices: TRANSFORMS,
      summary:
        'How names of secrets become variables; upper-snake makes DB_PASSWORD of db-password (default)',
    },
    prefix: { kind: 'text', value: 'TEXT', summary: 'Put this before the variables of the place' },
    'only-secrets': {
      kind: 'switch',
      summary: 'Inherit nothing but HOME, LANG, LC_*, LOGNAME, PATH, SHELL, TERM, TMPDIR, TZ, USER',
    },
    'preserve-env': {
      kind: 'text',
      value: 'NAMES',
      repeatable: true,
      summary: 'Variables, with commas between them, that keep the value which they have already',
    },
    'keep-token': { kind: 'switch', summary: 'Pass SALLYPORT_TOKEN and SALLYPORT_TOKEN_FILE on' },
    masking: { kind: 'switch', summary: 'Mask values in the output also on a terminal' },
    'no-masking': { kind: 'switch', summary: 'Never mask values in the output' },
    mount: {
      kind: 'text',
      value: 'FILE',
      completes: 'file',
      summary: 'Give the secrets in this file, and not as variables; SALLYPORT_MOUNT has its path',
    },
    'mount-kind': {
      kind: 'text',
      value: 'KIND',
      choices: ['fifo', 'file'],
      summary: 'fifo (a named pipe, default) or file (in memory, with a link to it)',
    },
    'mount-format': {
      kind: 'text',
      value: 'FORMAT',
      choices: ['dotenv', 'json', 'yaml'],
      summary: 'dotenv (default), json or yaml',
    },
    'mount-template': {
      kind: 'text',
      value: 'FILE',
      completes: 'file',
      summary: 'Fill in this template; {{ NAME }}, {{ NAME | json }} and {{ NAME | base64 }} are replaced',
    },
    'mount-max-reads': { kind: 'text', value: 'N', summary: 'Remove the pipe after so many reads' },
    watch: { kind: 'switch', summary: 'Start the program again when a secret has changed' },
    'watch-interval': {
      kind: 'text',
      value: 'DURATION',
      summary: 'How often to look for changes; 30s without it',
    },
    'watch-signal': {
      kind: 'text',
      value: 'SIGNAL',
      summary: 'Send this signal instead; needs --mount FILE --mount-kind file',
    },
    grace: {
      kind: 'text',
      value: 'DURATION',
      summary: 'Time to end by itself before it is started again; 10s without it',
    },
  },
  connects: true,
  examples: [
    'run --app shop --env production -- node server.js',
    'run --env-from .env -- npm start',
    'run --set DB_PASSWORD=sally://shop/production/db-password -- psql',
    'run --app shop --env production --mount secrets.json --mount-format json -- ./serve',
  ],
  run: async (invocation) => (await import('../run/run-program.ts')).runProgram(invocation),
};

/** The same by the name that it has elsewhere. */
const EXEC: Command = {
  ...RUN,
  path: ['exec'],
  summary: 'Another word for `run`',
  examples: ['exec --app shop --env production -- node server.js'],
};

export const RUN_COMMANDS: readonly Command[] = [RUN, EXEC];

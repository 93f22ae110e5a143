// What a command is: one entry in a table from which parsing, help and completion all come, so that they cannot differ.
import type { Environment } from '../config/environment.ts';
import type { Terminal } from '../output/terminal.ts';
import type { FlagValues } from './flag-values.ts';

/** Names that completion can ask the server for. */
export type CompletionSource =
  | 'secret'
  | 'secrets-manager'
  | 'delegate'
  | 'delegate-token'
  | 'api-key'
  | 'application'
  | 'environment'
  | 'user'
  | 'group'
  | 'delegate-profile'
  | 'workload-issuer'
  | 'file';

/** A flag. The same name has the same kind in all commands, so that a line can be read before its command is known. */
export type FlagSpec = {
  kind: 'text' | 'switch';
  summary: string;
  /** Placeholder of the value in help, e.g. `NAME`. */
  value?: string;
  /** One letter. */
  short?: string;
  /** May be given several times. */
  repeatable?: boolean;
  /** The only values allowed. */
  choices?: readonly string[];
  completes?: CompletionSource;
};

/** A positional argument. */
export type ArgumentSpec = {
  name: string;
  summary: string;
  optional?: boolean;
  completes?: CompletionSource;
};

export type Command = {
  /** Words that name it, e.g. `delegate`, `token`, `create`. */
  path: readonly string[];
  /** One line without a full stop. */
  summary: string;
  /** Further lines of help. */
  details?: readonly string[];
  arguments?: readonly ArgumentSpec[];
  /** Takes a program and its arguments after `--`; they are not looked at here. */
  program?: { name: string; summary: string };
  flags?: Readonly<Record<string, FlagSpec>>;
  /** Lines to try, without the leading `sallyport`. */
  examples?: readonly string[];
  /** Takes address, key and trust flags as well. */
  connects?: boolean;
  /** Works, but is not shown. */
  hidden?: boolean;
  /** Resolves to the exit code where it is not 0, e.g. that of a program that was run. */
  run: (invocation: Invocation) => Promise<number | void>;
};

/** One call of a command. */
export type Invocation = {
  /** Arguments by name. */
  arguments: Readonly<Record<string, string | undefined>>;
  /** The words after `--`; empty unless the command takes a program. */
  program: readonly string[];
  flags: FlagValues;
  terminal: Terminal;
  environment: Environment;
  /** Working directory. */
  folder: string;
};

// What the flags of `run` come to, checked before the server is asked for anything.
import { constants } from 'node:os';
import { parsePlaceReference } from '@sallyport/core';
import type { PlaceReference } from '@sallyport/core';
import type { Invocation } from '../command-line/command.ts';
import { usageError } from '../command-line/usage-error.ts';
import { readPlace } from '../config/place.ts';
import type { Inheritance } from './base-environment.ts';
import { readMappingFile, readSetFlag } from './mapping-file.ts';
import type { MappedVariable } from './mapping-file.ts';
import { TRANSFORMS } from './variable-name.ts';
import type { Transform } from './variable-name.ts';

/** Which secrets a program gets, and under which names. */
export type Selection = {
  place: PlaceReference | null;
  /** Everything that may be used at the place. */
  all: boolean;
  /** Names at the place that are left out. */
  excluded: readonly string[];
  /** The config entries of this service. */
  service: string | null;
  mapped: readonly MappedVariable[];
  transform: Transform;
  prefix: string;
  /** Secrets that are files are put into a folder. */
  files: boolean;
};

/** How secrets are given in place of variables; null: as variables. */
export type MountChoice = {
  path: string;
  kind: 'fifo' | 'file';
  content: { template: string } | { format: 'dotenv' | 'json' | 'yaml' };
  /** After so many reads it is gone; null: never. */
  maxReads: number | null;
};

export type WatchChoice = {
  intervalMs: number;
  /** Sent when a secret has changed; null: the program is restarted. */
  signal: NodeJS.Signals | null;
  /** Between asking a program to end and ending it. */
  graceMs: number;
};

export type RunOptions = {
  selection: Selection;
  inheritance: Inheritance;
  mount: MountChoice | null;
  watch: WatchChoice | null;
  /** Whether values are masked in what the program writes; null: where nobody looks on. */
  masking: boolean | null;
};

/** @throws {invalid-request} {config-invalid} {invalid-name} */
export async function readRunOptions(invocation: Invocation): Promise<RunOptions> {
  const { flags } = invocation;
  if (flags.has('env-file')) {
    throw usageError(
      'Node takes --env-file for itself, wherever it stands, and has read the file by now.',
      'Give the file with --env-from.',
    );
  }
  if (flags.has('masking') && flags.has('no-masking')) {
    throw usageError('Give --masking or --no-masking, not both.');
  }
  const mount = mountOf(invocation);
  const watch = watchOf(invocation);
  if (watch !== null && watch.signal !== null && (mount === null || mount.kind === 'fifo')) {
    throw usageError(
      'A running program cannot be given other variables, so --watch-signal needs a file that it can read again.',
      'Add --mount FILE --mount-kind file, or leave --watch-signal out to have the program restarted.',
    );
  }
  return {
    selection: await selectionOf(invocation),
    inheritance: {
      onlySecrets: flags.has('only-secrets'),
      preserved: flags.list('preserve-env').flatMap((names) => names.split(',').map((name) => name.trim())),
      keepToken: flags.has('keep-token'),
    },
    mount,
    watch,
    masking: flags.has('masking') ? true : flags.has('no-masking') ? false : null,
  };
}

async function selectionOf(invocation: Invocation): Promise<Selection> {
  const { flags, folder } = invocation;
  const found = readPlace(invocation);
  const place = found === null ? null : parsePlaceReference(found);
  const mapped: MappedVariable[] = [];
  for (const path of flags.list('env-from')) mapped.push(...(await readMappingFile(path, { folder, place })));
  for (const given of flags.list('set')) mapped.push(readSetFlag(given, place));
  const service = flags.text('service');
  const isNamed = flags.list('env-from').length + flags.list('set').length > 0 || service !== null;
  const all = flags.has('all') || !isNamed;
  if ((all || service !== null) && place === null) {
    throw usageError(
      isNamed ? 'Where the program runs is not said.' : 'Which secrets the program gets is not said.',
      'Give --app and --env (or SALLYPORT_APP and SALLYPORT_ENV, or both in .sallyport.json) for all that may be used there, or --env-from or --set.',
    );
  }
  return {
    place,
    all,
    excluded: flags.list('exclude'),
    service,
    mapped,
    transform: TRANSFORMS.find((one) => one === flags.text('transform')) ?? 'upper-snake',
    prefix: flags.text('prefix') ?? '',
    files: flags.has('files'),
  };
}

function mountOf({ flags }: Invocation): MountChoice | null {
  const path = flags.text('mount');
  const template = flags.text('mount-template');
  const format = flags.text('mount-format');
  const kind = flags.text('mount-kind') === 'file' ? 'file' : 'fifo';
  const maxReads = flags.whole('mount-max-reads', { min: 1, max: 1_000_000 });
  if (path === null) {
    const lost = ['mount-template', 'mount-format', 'mount-kind', 'mount-max-reads'].find((one) =>
      flags.has(one),
    );
    if (lost !== undefined) throw usageError(`--${lost} needs --mount FILE.`);
    return null;
  }
  if (template !== null && format !== null) {
    throw usageError('Give --mount-template or --mount-format, not both.');
  }
  if (kind === 'file' && maxReads !== null) {
    throw usageError('Reads of a file are not counted: --mount-max-reads is for --mount-kind fifo.');
  }
  const chosen = format === 'json' || format === 'yaml' ? format : 'dotenv';
  return { path, kind, content: template === null ? { format: chosen } : { template }, maxReads };
}

function watchOf({ flags }: Invocation): WatchChoice | null {
  const [interval, signal] = [flags.seconds('watch-interval'), flags.text('watch-signal')];
  if (!flags.has('watch')) {
    const lost = ['watch-interval', 'watch-signal', 'grace'].find((one) => flags.has(one));
    if (lost !== undefined) throw usageError(`--${lost} needs --watch.`);
    return null;
  }
  if (interval === 0) throw usageError('--watch-interval is at least one second.');
  return {
    intervalMs: (interval ?? 30) * 1000,
    signal: signal === null ? null : signalNamed(signal),
    graceMs: (flags.seconds('grace') ?? 10) * 1000,
  };
}

function signalNamed(text: string): NodeJS.Signals {
  const name = text.toUpperCase().startsWith('SIG') ? text.toUpperCase() : `SIG${text.toUpperCase()}`;
  if (Object.hasOwn(constants.signals, name)) return name as NodeJS.Signals;
  throw usageError('--watch-signal takes the name of a signal, such as SIGHUP.');
}

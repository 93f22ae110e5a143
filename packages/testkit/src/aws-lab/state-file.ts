// The lab's optional memory over restarts: one JSON file, readable by its owner only, replaced as a whole on every change. It holds
// the master secret, so whoever reads it can open what the lab encrypted. Sessions and the call log are not in it.
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { AppError } from '@sallyport/core';
import type { IdentityState } from './identity-store.ts';
import type { KeyStoreState } from './key-store.ts';

export type LabState = {
  version: 1;
  /** 64 hex digits. */
  master: string;
  identities: IdentityState;
  keys: KeyStoreState;
  host: { imdsRoleArn: string | null; ecsAuthorizationToken: string | null };
};

/**
 * Reads a state file; `null` when there is none yet.
 * @throws {config-invalid} when it is not a state file of this version
 */
export function readStateFile(path: string): LabState | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  const state = parse(text);
  if (state?.version === 1 && /^[0-9a-f]{64}$/.test(state.master)) return state;
  throw new AppError('config-invalid', {
    publicMessage: `${path} is not a state file of this version of the AWS lab. Move it away to begin with an empty lab.`,
  });
}

/** Writes a state file with mode 0600: beside it first, then in its place, so that a crash leaves the old or the new one. */
export function writeStateFile(path: string, state: LabState): void {
  const draft = `${path}.new`;
  const file = openSync(draft, 'w', 0o600);
  try {
    writeSync(file, JSON.stringify(state, null, 1));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
}

function parse(text: string): LabState | null {
  try {
    return JSON.parse(text) as LabState;
  } catch {
    return null;
  }
}

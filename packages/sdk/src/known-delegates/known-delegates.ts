// The port to what a client remembers of delegates, and its simplest adapter. Like SSH's known hosts: who was met under a name once
// must show the same identity ever after, so that a server cannot put a key of its own in a delegate's place.
import { nameKey } from '@sallyport/core';

/** A delegate as met at one server. */
export type KnownDelegate = {
  /** Address of the server, as `printAddress` gives it. */
  server: string;
  /** The delegate's own name. Letter case and outer blanks make no difference: a person would take such names for one. */
  name: string;
  /** `SHA256:…` of its identity key. */
  fingerprint: string;
};

export type KnownDelegates = {
  /** Fingerprints known under this name at this server; empty when none was met. */
  fingerprintsOf(delegate: Omit<KnownDelegate, 'fingerprint'>): Promise<readonly string[]>;
  /**
   * Remembers a delegate if its name is new, in one step with the check, other processes included.
   * @returns the fingerprints that are known under its name afterwards: only this one, unless somebody else was faster
   */
  rememberFirst(delegate: KnownDelegate): Promise<readonly string[]>;
};

/** Whether two entries are about one name at one server. */
export function isSameName(
  a: Omit<KnownDelegate, 'fingerprint'>,
  b: Omit<KnownDelegate, 'fingerprint'>,
): boolean {
  return a.server === b.server && nameKey(a.name) === nameKey(b.name);
}

/** Delegates known for as long as the process lives; `initial` are known from the start. */
export function memoryKnownDelegates(initial: readonly KnownDelegate[] = []): KnownDelegates {
  const known = [...initial];
  const fingerprintsOf = (delegate: Omit<KnownDelegate, 'fingerprint'>): string[] =>
    known.filter((entry) => isSameName(entry, delegate)).map((entry) => entry.fingerprint);
  return {
    fingerprintsOf: async (delegate) => fingerprintsOf(delegate),
    rememberFirst: async (delegate) => {
      if (fingerprintsOf(delegate).length === 0) known.push({ ...delegate });
      return fingerprintsOf(delegate);
    },
  };
}

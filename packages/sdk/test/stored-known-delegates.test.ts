// What a browser remembers of delegates: who was met first stays, and nobody takes the place of a known one by damage or by haste.
import { describe, expect, test } from 'vitest';
import { KNOWN_DELEGATES_KEY, StoredKnownDelegates } from '@sallyport/sdk/browser';
import type { KnownDelegate, TextStorage } from '@sallyport/sdk/browser';

const SERVER = 'https://sallyport.example.com';
const fingerprint = (letter: string): string => `SHA256:${letter.repeat(43)}`;
const met = (letter: string, name = 'vpc-1', server = SERVER): KnownDelegate => ({
  server,
  name,
  fingerprint: fingerprint(letter),
});

function storage(initial: Record<string, string> = {}): TextStorage & { entries: Map<string, string> } {
  const entries = new Map(Object.entries(initial));
  return {
    entries,
    getItem: (key) => entries.get(key) ?? null,
    setItem: (key, value) => void entries.set(key, value),
  };
}

describe('known delegates in a browser', () => {
  test('the first fingerprint of a name stays, for every page and however the name is written', async () => {
    const shared = storage();
    const known = new StoredKnownDelegates(shared);
    expect(await known.fingerprintsOf(met('A'))).toEqual([]);
    expect(await known.rememberFirst(met('A'))).toEqual([fingerprint('A')]);
    const otherPage = new StoredKnownDelegates(shared);
    expect(await otherPage.rememberFirst(met('B', ' VPC-1 '))).toEqual([fingerprint('A')]);
    expect(await otherPage.fingerprintsOf(met('B'))).toEqual([fingerprint('A')]);
    expect(otherPage.list()).toMatchObject([met('A')]);
  });

  test('servers are apart', async () => {
    const known = new StoredKnownDelegates(storage());
    await known.rememberFirst(met('A'));
    expect(await known.rememberFirst(met('B', 'vpc-1', 'https://other.example.com'))).toEqual([
      fingerprint('B'),
    ]);
  });

  test('a person can trust another fingerprint in place of the known one, and forget a name', async () => {
    const known = new StoredKnownDelegates(storage());
    await known.rememberFirst(met('A'));
    await known.rememberFirst(met('C', 'vpc-2'));
    await known.replace(met('B'));
    expect(await known.fingerprintsOf(met('A'))).toEqual([fingerprint('B')]);
    await known.forget({ server: SERVER, name: 'VPC-1' });
    expect(known.list()).toMatchObject([met('C', 'vpc-2')]);
  });

  test('changes wait for those of other pages', async () => {
    const shared = storage();
    let turn: Promise<unknown> = Promise.resolve();
    const lock = async <T>(change: () => Promise<T>): Promise<T> => {
      const mine = turn.then(change);
      turn = mine.catch(() => undefined);
      return mine;
    };
    const pages = ['A', 'B', 'C'].map((letter) => ({
      letter,
      known: new StoredKnownDelegates(shared, lock),
    }));
    const outcomes = await Promise.all(
      pages.map(async ({ letter, known }) => known.rememberFirst(met(letter))),
    );
    expect(outcomes).toEqual([[fingerprint('A')], [fingerprint('A')], [fingerprint('A')]]);
  });

  // Attack: whoever can damage the memory must not get every delegate to be met "for the first time" again.
  test.each(['', '{', '{"version":2,"delegates":[]}', '{"version":1,"delegates":[{"name":"vpc-1"}]}'])(
    'what is damaged as %j is an error and not an empty memory',
    async (text) => {
      const damaged = storage({ [KNOWN_DELEGATES_KEY]: text });
      const known = new StoredKnownDelegates(damaged);
      await expect(known.fingerprintsOf(met('A'))).rejects.toMatchObject({ code: 'config-invalid' });
      await expect(known.rememberFirst(met('A'))).rejects.toMatchObject({ code: 'config-invalid' });
      expect(damaged.entries.get(KNOWN_DELEGATES_KEY)).toBe(text);
    },
  );

  test('only names and fingerprints are stored', async () => {
    const shared = storage();
    await new StoredKnownDelegates(shared).rememberFirst(met('A'));
    expect([...shared.entries.keys()]).toEqual([KNOWN_DELEGATES_KEY]);
    expect(JSON.parse(shared.entries.get(KNOWN_DELEGATES_KEY) ?? '')).toEqual({
      version: 1,
      delegates: [{ ...met('A'), addedAtMs: expect.any(Number) }],
    });
  });
});

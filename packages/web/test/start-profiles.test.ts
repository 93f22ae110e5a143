// Start-up profiles as the pages judge and say them.
import { describe, expect, test } from 'vitest';
import type { DelegateProfile, ProfileRun } from '@sallyport/protocol';
import { judgeProfile, profileChanges, runsAnew } from '../src/start-profiles/profile-draft.ts';
import { readScript } from '../src/start-profiles/read-script.ts';
import { isFine, readOutput, sayOutcome, sayState } from '../src/start-profiles/say-run.ts';

const DRAFT = { name: 'tools', script: 'true', selectors: ['edge'], maxSeconds: null };

describe('a script that is written', () => {
  test('is read for the secrets that it names, and warned of as on the command line', () => {
    const script = 'echo "${secrets.getValue("a")}" \'${secrets.getValue("b")}\'\npassword=hunter2hunter2';
    const { references, complaint, warnings } = readScript(script);
    expect([references, complaint]).toEqual([['a', 'b'], null]);
    expect(warnings).toEqual([
      expect.stringMatching(/^Line 1 has a secret inside single quotes/),
      expect.stringMatching(/^Line 2 looks as if it held a secret/),
    ]);
  });

  test('that cannot be read says where, and is not sent', () => {
    const script = 'echo\necho ${secrets.getValue(x)}';
    expect(readScript(script)).toMatchObject({ references: [], complaint: expect.stringContaining('2') });
    expect(judgeProfile({ ...DRAFT, script })).toHaveProperty('script');
    expect(judgeProfile({ name: ' ', script: ' ', selectors: ['a b!'], maxSeconds: 0 })).toEqual({
      name: expect.any(String),
      script: expect.any(String),
      selectors: expect.any(String),
      maxSeconds: expect.any(String),
    });
    expect(judgeProfile(DRAFT)).toEqual({});
  });

  test('is saved over the revision that was looked at, and runs anew only if script or time limit change', () => {
    const before = { ...DRAFT, revision: 3 } as unknown as DelegateProfile;
    expect(profileChanges(DRAFT, before)).toMatchObject({ expectedRevision: 3, runAgain: false });
    const changes = [{ script: 'false' }, { maxSeconds: 5 }, { name: 'x' }, { selectors: [] }];
    expect(changes.map((change) => runsAnew({ ...DRAFT, ...change }, before))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

describe('a run', () => {
  const run = (over: Partial<ProfileRun>): Pick<ProfileRun, 'state' | 'end' | 'error'> => ({
    state: 'ended',
    end: null,
    error: null,
    ...over,
  });
  const end = (over: object): ProfileRun['end'] => ({
    reason: 'exited',
    exitCode: 0,
    signal: null,
    elapsedMs: 1,
    outputBytes: 0,
    ...over,
  });

  test('is fine only if it ended by itself with exit code 0', () => {
    const ends = [
      end({}),
      end({ exitCode: 3 }),
      end({ reason: 'time-limit', exitCode: null, signal: 'SIGTERM' }),
    ];
    expect(ends.map((one) => isFine(run({ end: one })))).toEqual([true, false, false]);
    expect(ends.map((one) => sayOutcome(run({ end: one })))).toEqual([
      'exit code 0',
      'exit code 3',
      'ended at its time limit',
    ]);
    const error = { code: 'delegate-lost', message: 'The connection was lost.' };
    expect(sayOutcome(run({ state: 'interrupted', error }))).toBe(error.message);
    expect([sayState(run({ state: 'running' })).label, sayOutcome(run({ state: 'running' }))]).toEqual([
      'Running',
      null,
    ]);
  });

  test('shows what it wrote as text, without what would move a cursor', () => {
    const text = 'é line\n\ttab \u001b[31mred\u202e';
    expect(readOutput(Buffer.from(text).toString('base64'))).toBe('é line\n\ttab ?[31mred?');
  });
});

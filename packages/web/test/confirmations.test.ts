// Questions before something is done: nothing is done that was not confirmed, and what is confirmed is what was shown.
import { describe, expect, test } from 'vitest';
import { AppError } from '@sallyport/sdk/browser';
import { CALLED_OFF, Confirmations, effectsIn } from '../src/ui/confirmations.ts';
import { effectLines } from '../src/ui/effect-lines.ts';

const required = (token: string, preview: object = {}): AppError =>
  new AppError('confirmation-required', {
    publicMessage: 'This has effects that need to be confirmed.',
    data: { preview, confirmationToken: token },
  });

describe('a question', () => {
  test('is done without asking when the server wants nothing confirmed', async () => {
    const confirmations = new Confirmations();
    const outcome = await confirmations.runConfirmed({
      title: 'Rename?',
      confirmLabel: 'Rename',
      run: async (token) => `ran with ${token}`,
    });
    expect(outcome).toBe('ran with null');
    expect(confirmations.current()).toBeNull();
  });

  test('is asked with the effects that the server tells, and goes on with the token that stands for them', async () => {
    const confirmations = new Confirmations();
    let heard = 0;
    confirmations.subscribe(() => {
      heard += 1;
    });
    const tokens: (string | null)[] = [];
    const run = async (token: string | null): Promise<string> => {
      tokens.push(token);
      if (token === null) throw required('token-1', { aliases: ['old'] });
      return 'renamed';
    };
    const outcome = confirmations.runConfirmed({ title: 'Rename?', confirmLabel: 'Rename', run });
    await expect.poll(() => confirmations.current()).not.toBeNull();
    const asked = confirmations.current();
    expect(asked?.effects).toMatchObject({ confirmationToken: 'token-1' });
    asked?.settle(await asked.question.run(asked.effects?.confirmationToken ?? null));
    expect(await outcome).toBe('renamed');
    expect(tokens).toEqual([null, 'token-1']);
    expect(confirmations.current()).toBeNull();
    expect(heard).toBe(2);
  });

  test('that is called off does nothing', async () => {
    const confirmations = new Confirmations();
    let runs = 0;
    const outcome = confirmations.ask({
      title: 'Delete?',
      confirmLabel: 'Delete',
      run: async () => {
        runs += 1;
      },
    });
    confirmations.current()?.settle(CALLED_OFF);
    expect(await outcome).toBe(CALLED_OFF);
    expect(runs).toBe(0);
  });

  test('waits for the one before it', async () => {
    const confirmations = new Confirmations();
    const question = (title: string) => ({ title, confirmLabel: 'Yes', run: async () => title });
    const first = confirmations.ask(question('one'));
    const second = confirmations.ask(question('two'));
    expect(confirmations.current()?.question.title).toBe('one');
    confirmations.current()?.settle('done');
    expect(confirmations.current()?.question.title).toBe('two');
    confirmations.current()?.settle('done too');
    expect(await Promise.all([first, second])).toEqual(['done', 'done too']);
  });

  test('whose errors cannot be confirmed is not asked', async () => {
    const confirmations = new Confirmations();
    const refusal = new AppError('scope-conflict', {
      publicMessage: 'In use elsewhere.',
      data: { hidden: 1 },
    });
    const run = async (): Promise<never> => Promise.reject(refusal);
    await expect(confirmations.runConfirmed({ title: '', confirmLabel: '', run })).rejects.toBe(refusal);
    expect(confirmations.current()).toBeNull();
    expect(effectsIn(new Error('no'))).toBeNull();
  });
});

describe('effects in lines', () => {
  test("are the server's sentences where it has some", () => {
    const consequences = [
      { kind: 'secrets', count: 2, examples: ['db', 'api'], sentence: '2 secrets lose their last place.' },
    ];
    for (const data of [{ effect: { consequences, digest: 'x' } }, { preview: { consequences } }]) {
      expect(effectLines(data)).toEqual({
        summary: null,
        lines: [{ text: '2 secrets lose their last place.', examples: ['db', 'api'] }],
      });
    }
  });

  test('name what is meant, and tokens and digests never', () => {
    const { summary, lines } = effectLines({
      message: '3 secrets have a scope of their own.',
      conflicts: [
        { id: 'sec_1', name: 'db' },
        { id: 'sec_2', name: 'api' },
      ],
      hidden: 1,
      confirmationToken: 'token',
      hint: 'do this',
    });
    expect(summary).toBe('3 secrets have a scope of their own.');
    expect(lines).toEqual([
      { text: 'Would inherit the scope instead of their own: 2', examples: ['db', 'api'] },
      { text: 'And 1 more that you may not see', examples: [] },
    ]);
  });

  test('of a deletion say versions, former names and who would miss it', () => {
    const { lines } = effectLines({
      secret: { id: 'sec_1', name: 'db' },
      versions: 4,
      aliases: ['old-db'],
      setupUsages: { usages: [], hidden: 0 },
      usesByName: [
        { reference: 'db', principal: { id: 'usr_1', name: 'deploy' }, releases: 3, purpose: null },
      ],
      confirmationToken: 'token',
    });
    expect(lines).toEqual([
      { text: 'Versions that are deleted: 4', examples: [] },
      { text: 'Former names that stop working: 1', examples: ['old-db'] },
      { text: 'Asks for it by this name: 1', examples: ['db, deploy'] },
    ]);
    expect(JSON.stringify(lines)).not.toContain('token');
  });
});

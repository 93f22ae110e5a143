// User groups and API keys by the command, against a real server in a process of its own: what a person types, and what they get.
import type { ChildProcess } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ACCOUNT_PERMISSIONS } from '@sallyport/core';
import { stop, untilWritten, Workplace } from './sallyport.ts';
import type { Finished } from './sallyport.ts';

let place: Workplace;
let server: ChildProcess;

beforeAll(async () => {
  place = await Workplace.make();
  server = place.start(['server', 'run', '--data', 'server', '--port', '0', '--admin-key-file', 'admin-key']);
  const address = /listens on (http:\S+)/.exec(await untilWritten(server, /listens on \S+\n/))?.[1] ?? '';
  await writeFile(join(place.folder, '.sallyport.json'), JSON.stringify({ address, tokenFile: 'admin-key' }));
}, 60_000);

afterAll(async () => {
  await stop(server);
  await place[Symbol.asyncDispose]();
});

/** A line as typed, cut at blanks. */
const sallyport = (line: string): Promise<Finished> => place.run(line.split(' '));
const jsonOf = async (line: string) => JSON.parse((await sallyport(`${line} -o json`)).stdout);

describe('user groups', () => {
  test('are created, shown, edited and deleted by name, with rights in the written form', async () => {
    const line = 'group create Deployers --permission view-audit-trail --permission manage-secrets';
    const created = await sallyport(`${line} --grant read,use@*/production --grant all@*/non-production`);
    expect([created.code, created.stdout]).toEqual([0, '']);
    expect(created.stderr).toMatch(/^Created the user group Deployers \(grp_\w+\)\.$/m);

    const listed = (await sallyport('group list')).stdout.split('\n');
    expect(listed[0]).toMatch(/^NAME +MEMBERS +PERMISSIONS +GRANTS +ID$/);
    expect(listed.find((row) => row.startsWith('Deployers'))).toMatch(
      /^Deployers +0 +manage-secrets, view-audit-trail +read,use@\*\/production {2}all@\*\/non-production +grp_/,
    );
    expect(listed[1]).toMatch(/^Account Administrator .*all@\*\/\*/);

    const edited = await sallyport('group edit deployers --name Shippers --no-permissions --grant use@*/*');
    expect(edited.stderr).toContain('Changed the user group Shippers.');
    const shown = (await sallyport('group show Shippers')).stdout;
    expect(shown).toMatch(/^permissions: +none$/m);
    expect(shown).toMatch(/^grants: +use@\*\/\*$/m);

    const key = (await sallyport('api-key create robot --group Shippers')).stdout.trim();
    const refused = await sallyport('group delete Shippers');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('1 API key will no longer have the rights of this group. robot');
    expect((await sallyport('group delete Shippers --yes')).stderr).toContain('Deleted Shippers.');
    expect((await sallyport('group show Shippers')).code).toBe(4);
    expect((await jsonOf(`whoami --token ${key}`)).permissions).toEqual([]);
  });

  test('what cannot be meant is refused before anything is sent', async () => {
    for (const [line, words] of [
      ['group edit Deployers', 'Nothing to change was given.'],
      ['group edit Deployers --grant use@*/* --no-grants', 'Give --grant or --no-grants, not both.'],
      ['group create X --permission everything', '--permission is one of manage-secrets-managers'],
      ['group create X --grant use@shop', '--grant takes APPLICATIONS/ENVIRONMENTS'],
    ] as const) {
      const { code, stderr } = await sallyport(line);
      expect([line, code]).toEqual([line, 2]);
      expect(stderr).toContain(words);
    }
  });

  test('what the server refuses is told with its reason', async () => {
    const { code, stderr } = await sallyport('group edit Production-Support --name X');
    expect([code, stderr]).toEqual([4, expect.stringContaining('There is no such user group.')]);
    const administrators = (await jsonOf('group list'))[0].id;
    const builtIn = await sallyport(`group edit ${administrators} --name X`);
    expect([builtIn.code, builtIn.stderr]).toEqual([3, expect.stringContaining('built-in group')]);
    const user = await sallyport(`group add-member ${administrators} nobody`);
    expect([user.code, user.stderr]).toEqual([4, expect.stringContaining('There is no such user.')]);
  });
});

describe('API keys', () => {
  test('are of the groups of the key that makes them, unless others are named, and at most what is given', async () => {
    const made = await sallyport('api-key create narrow --permission view-audit-trail --grant use@*/*');
    expect(made.stderr).toContain(
      'Created API key narrow of group Account Administrator. It is shown this once:',
    );
    const me = (await sallyport(`whoami --token ${made.stdout.trim()}`)).stdout;
    expect(me).toMatch(/^API key: +narrow \(key_/m);
    expect(me).toMatch(/^groups: +Account Administrator$/m);
    expect(me).toMatch(/^permissions: +view-audit-trail$/m);
    expect(me).toMatch(/^grants: +all@\*\/\*\nof those only: +use@\*\/\*$/m);
    const row = (await sallyport('api-key list')).stdout
      .split('\n')
      .find((line) => line.startsWith('narrow'));
    expect(row).toMatch(/^narrow +active +group Account Administrator +view-audit-trail {2}use@\*\/\* +2/);
    expect((await jsonOf('whoami')).permissions).toEqual(ACCOUNT_PERMISSIONS);
  });

  test('the last one that can administer is not revoked', async () => {
    const { code, stderr } = await sallyport('api-key revoke admin --yes');
    expect([code, stderr]).toEqual([5, expect.stringContaining('code: last-administrator')]);
  });
});

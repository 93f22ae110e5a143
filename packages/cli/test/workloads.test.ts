// Workload issuers and single sign-on by the command, against a real server in a process of its own: what a person types, and what they get.
import type { ChildProcess } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stop, untilWritten, Workplace } from './sallyport.ts';
import type { Finished } from './sallyport.ts';

let place: Workplace;
let server: ChildProcess;
let address: string;

beforeAll(async () => {
  place = await Workplace.make();
  server = place.start(['server', 'run', '--data', 'server', '--port', '0', '--admin-key-file', 'admin-key']);
  address = /listens on (http:\S+)/.exec(await untilWritten(server, /listens on \S+\n/))?.[1] ?? '';
  await writeFile(join(place.folder, '.sallyport.json'), JSON.stringify({ address, tokenFile: 'admin-key' }));
}, 60_000);

afterAll(async () => {
  await stop(server);
  await place[Symbol.asyncDispose]();
});

/** A line as typed, cut at blanks. */
const sallyport = (line: string, input = ''): Promise<Finished> => place.run(line.split(' '), { input });
const jsonOf = async (line: string) => JSON.parse((await sallyport(`${line} -o json`)).stdout);

const ISSUER = 'https://token.actions.githubusercontent.com';
const ADD = `workload add-oidc github --issuer ${ISSUER} --audience sallyport`;

describe('workload issuers', () => {
  test('are added, listed, shown, edited and removed by name', async () => {
    const rules = '--rule repository=acme/shop --rule ref=refs/heads/* --rule sub=a=b';
    const group = (await jsonOf('group list')).find(
      ({ name }: { name: string }) => name === 'Production Support',
    );
    const added = await sallyport(`${ADD} ${rules} --group ${group.id} --grant use@*/production --ttl 10m`);
    expect([added.code, added.stdout]).toEqual([0, '']);
    expect(added.stderr).toMatch(/^Workloads of github \(wli_\w+\) are let in now\.$/m);

    const [heading, row] = (await sallyport('workload list')).stdout.split('\n');
    expect(heading).toMatch(/^NAME +KIND +LETS IN +GROUPS +KEYS LAST +ID$/);
    expect(row).toMatch(
      /^github +oidc +repository=acme\/shop {2}ref=refs\/heads\/\* {2}sub=a=b +Production Support +600s +wli_/,
    );

    const shown = (await sallyport('workload show GitHub')).stdout;
    expect(shown).toMatch(new RegExp(`^issuer: +${ISSUER}$`, 'm'));
    expect(shown).toMatch(/^keys: +asked for$/m);
    expect(shown).toMatch(/^at most: +use@\*\/production$/m);

    const edited = await sallyport(
      'workload edit github --name actions --rule repository=acme/* --no-restriction',
    );
    expect(edited.stderr).toContain('Changed the issuer actions.');
    expect(await jsonOf('workload show actions')).toMatchObject({
      settings: {
        issuer: ISSUER,
        audience: 'sallyport',
        rules: [{ claim: 'repository', pattern: 'acme/*' }],
      },
      restriction: null,
      ttlSeconds: 600,
    });

    expect((await sallyport('workload remove actions')).code).toBe(2);
    expect((await sallyport('workload remove actions --yes')).stderr).toContain('Removed actions.');
    expect((await sallyport('workload show actions')).code).toBe(4);
  });

  test('take keys from a file, and roles at AWS', async () => {
    const jwks = { keys: [{ kty: 'EC', crv: 'P-256', kid: 'a', x: 'eA', y: 'eQ' }] };
    await writeFile(join(place.folder, 'jwks.json'), JSON.stringify(jwks));
    const group = (await jsonOf('group list'))[0].id;
    await sallyport(
      `${ADD}-2 --rule sub=x --group ${group} --jwks-file jwks.json`.replace('github', 'offline'),
    );
    expect((await jsonOf('workload show offline')).settings.jwks).toEqual(jwks);
    const role = 'arn:aws:iam::111122223333:role/job-*';
    await sallyport(`workload add-aws jobs --role ${role} --group ${group} --selector VPC`);
    expect((await jsonOf('workload show jobs')).settings).toEqual({
      kind: 'aws',
      roleArns: [role],
      selectors: ['vpc'],
    });
    expect((await sallyport('workload show jobs')).stdout).toMatch(
      /^lets in: +arn:aws:iam::111122223333:role\/job-\*$/m,
    );
  });

  test.each([
    [`${ADD} --group x`, '--rule is missing'],
    [`${ADD} --rule sub=x`, '--group is missing'],
    [`${ADD} --rule sub --group x`, '--rule takes a claim and a pattern'],
    ['workload add-oidc x --audience a --rule sub=x --group x', '--issuer is missing'],
    ['workload add-aws x --group x', '--role is missing'],
    [`${ADD} --rule sub=x --group x --jwks-file admin-key`, 'does not hold JSON'],
    ['workload edit offline', 'Nothing to change was given.'],
    [
      'workload edit offline --role arn:aws:iam::111122223333:role/x',
      '--role is not for an issuer of kind oidc',
    ],
    ['workload edit jobs --rule sub=x', '--rule is not for an issuer of kind aws'],
    ['workload edit jobs --grant use@*/* --no-restriction', '--no-restriction'],
    ['workload login --issuer jobs', 'either --oidc-token-file or --aws'],
    ['workload login --issuer jobs --aws --oidc-token-file x', 'either --oidc-token-file or --aws'],
    ['workload login --oidc-token-file admin-key', '--issuer is missing'],
    ['workload login --issuer jobs --aws', '--region is missing'],
    ['workload login --issuer offline --oidc-token-file nowhere', 'cannot be read'],
  ])('`%s` is refused: %s', async (line, words) => {
    const { code, stdout, stderr } = await sallyport(line);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(words);
  });

  test('refuse a login without a key or a reason, and print nothing for the shell', async () => {
    const { code, stdout, stderr } = await sallyport(
      'workload login --issuer offline --oidc-token-file - --export',
      'x.y.z\n',
    );
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr).toContain('The workload is not let in');
    expect(stderr).not.toContain('x.y.z');
    const [record] = await jsonOf('audit list --action workload.refused');
    expect(record.details.reason).toContain('not a signed token');
  });
});

describe('single sign-on', () => {
  const SET = 'sso set --issuer https://login.example.com --client-id sallyport';

  test('is set, shown without its secret, changed and removed', async () => {
    expect((await sallyport('sso show')).stderr).toContain('Single sign-on is off.');
    const group = (await jsonOf('group list'))[1];
    const secret = 'secret-canary';
    const set = await sallyport(
      `${SET} --client-secret-file - --name Login --group-claim groups --map cn=ops=${group.id} --create-users`,
      `${secret}\n`,
    );
    expect([set.code, set.stdout]).toEqual([0, `${address}/v1/sso/callback\n`]);
    const shown = await sallyport('sso show');
    expect(shown.stdout).toMatch(/^client secret: +set$/m);
    expect(shown.stdout).toMatch(new RegExp(`^groups: +cn=ops=${group.name}$`, 'm'));
    expect(shown.stdout).toMatch(/^allowed domains: +all$/m);
    expect(set.stderr + shown.stdout + (await sallyport('audit list -o json')).stdout).not.toContain(secret);
    await sallyport(`${SET} --allowed-domain example.com --allowed-domain example.org --oidc-scope openid`);
    expect(await jsonOf('sso show')).toMatchObject({
      hasClientSecret: true,
      displayName: 'single sign-on',
      scopes: ['openid'],
      groupClaim: null,
      allowedDomains: ['example.com', 'example.org'],
      createUsers: false,
    });
    await sallyport(`${SET} --no-client-secret`);
    expect((await jsonOf('sso show')).hasClientSecret).toBe(false);
    expect((await sallyport('sso remove')).code).toBe(2);
    expect((await sallyport('sso remove --yes')).code).toBe(0);
    expect(await jsonOf('sso show')).toBeNull();
  });

  test.each([
    ['sso set --issuer https://login.example.com', '--client-id is missing'],
    [`${SET} --client-secret-file - --no-client-secret`, 'not both'],
    [`${SET} --no-client-secret --map ops`, '--map takes a value of the claim and a group'],
    [`${SET} --client-secret-file nowhere`, 'cannot be read'],
    [SET, 'client secret'],
    ['sso set --issuer http://login.example.com --client-id x --no-client-secret', 'https://'],
  ])('`%s` is refused: %s', async (line, words) => {
    const { code, stdout, stderr } = await sallyport(line);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(words);
  });
});

test('the key of the administrator was used, so that the refusals above are not for lack of one', async () => {
  expect((await readFile(join(place.folder, 'admin-key'), 'utf8')).trim()).toMatch(/^sp_key_/);
  expect((await sallyport('workload list')).code).toBe(0);
});

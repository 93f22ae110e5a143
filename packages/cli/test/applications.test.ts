// Commands for applications, environments, services and availability against a real server: what a person types, and what they get.
import type { ChildProcess } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stop, untilWritten, Workplace } from './sallyport.ts';
import type { Finished, RunOptions } from './sallyport.ts';

let place: Workplace;
let server: ChildProcess;
let delegate: ChildProcess;

beforeAll(async () => {
  place = await Workplace.make();
  const keys = ['--admin-key-file', 'admin-key', '--delegate-token-file', 'token'];
  server = place.start(['server', 'run', '--data', 'server', '--port', '0', ...keys]);
  const address = /listens on (http:\S+)/.exec(await untilWritten(server, /listens on \S+\n/))?.[1] ?? '';
  const own = ['--server', address, '--token-file', 'token', '--name', 'near', '--data', 'delegate'];
  delegate = place.start(['delegate', 'run', ...own], { env: { AWS_EC2_METADATA_DISABLED: 'true' } });
  await untilWritten(delegate, /^Connected to/m);
  await writeFile(join(place.folder, '.sallyport.json'), JSON.stringify({ address, tokenFile: 'admin-key' }));
  await sallyport('secrets-manager add built-in --name ring --scope */*');
  await done('set db-password -', { input: 'hunter2' });
}, 60_000);

afterAll(async () => {
  await Promise.all([stop(delegate), stop(server)]);
  await place[Symbol.asyncDispose]();
});

/** A line as typed, cut at blanks. */
async function sallyport(line: string, options: RunOptions = {}): Promise<Finished> {
  return place.run(line.split(' '), options);
}

/** One that has to succeed. */
async function done(line: string, options: RunOptions = {}): Promise<Finished> {
  const result = await sallyport(line, options);
  expect([line, result.code, result.code === 0 ? '' : result.stderr]).toEqual([line, 0, '']);
  return result;
}

/** Rows of a table, without its headings, as cells. */
const rowsOf = ({ stdout }: Finished): string[][] =>
  stdout
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split(/ {2,}/));

describe('applications and environments', () => {
  test('are created, listed, shown and renamed', async () => {
    const created = await done(
      'app create shop --production prod --non-production dev --non-production test',
    );
    expect(created.stderr).toMatch(/^Created shop \(app_\w+\)\.\n$/);
    await done('app create billing');
    expect(rowsOf(await done('app list'))).toEqual([
      ['billing', '-', '-'],
      ['shop', 'dev, prod, test', '-'],
    ]);
    expect(rowsOf(await done('app list --search SH')).map(([name]) => name)).toEqual(['shop']);
    const shown = await done('app show SHOP');
    expect(shown.stdout).toContain('dev (non-production), prod (production), test (non-production)');
    await done('app rename billing accounting');
    expect((await sallyport('app show billing')).code).toBe(4);
    const json = JSON.parse((await done('app list -o json')).stdout) as { name: string }[];
    expect(json.map(({ name }) => name)).toEqual(['accounting', 'shop']);
  });

  test('environments are added, listed and renamed in the application that a flag or variable names', async () => {
    await done('env create staging --app shop --type non-production');
    await done('env rename staging qa', { env: { SALLYPORT_APP: 'shop' } });
    const rows = rowsOf(await done('env list -a shop'));
    expect(rows.map(([name, type]) => [name, type])).toEqual([
      ['dev', 'non-production'],
      ['prod', 'production'],
      ['qa', 'non-production'],
      ['test', 'non-production'],
    ]);
    const noApplication = await sallyport('env list');
    expect([noApplication.code, noApplication.stderr]).toEqual([
      2,
      expect.stringContaining('--app is missing'),
    ]);
    const noType = await sallyport('env create x -a shop');
    expect([noType.code, noType.stderr]).toEqual([2, expect.stringContaining('--type is missing')]);
    expect((await sallyport('env create x -a shop --type staging')).code).toBe(2);
    expect((await sallyport('env create QA -a shop --type production')).stderr).toContain('code: name-taken');
  });

  test('deleting shows what would change, and changes nothing without a yes', async () => {
    await done('app create doomed --production prod');
    await done('service create api --app doomed');
    await done('set only-there - --app doomed --env prod', { input: 'x' });
    const asked = await sallyport('app delete doomed');
    expect(asked.code).toBe(2);
    expect(asked.stderr).toContain('1 environment goes with it: prod.');
    expect(asked.stderr).toContain('1 service goes with it: api.');
    expect(asked.stderr).toContain(
      '1 secret loses its last place and becomes unusable in applications: only-there.',
    );
    expect(asked.stderr).toContain('Give --yes.');
    await done('app show doomed');
    expect((await sallyport('env delete prod -a doomed')).stderr).toContain('only-there');
    await done('env delete prod -a doomed --yes');
    expect(rowsOf(await done('app list --search doomed'))).toEqual([['doomed', '-', 'api']]);
    const { stderr } = await done('app delete doomed --yes');
    expect(stderr).toContain('Deleted doomed.');
    expect((await sallyport('app show doomed')).code).toBe(4);
  });
});

describe('services', () => {
  const inStore = { env: { SALLYPORT_APP: 'store' } };

  test('are added, renamed, listed and deleted; their secrets stay', async () => {
    await done('app create store --production prod --non-production dev');
    await done('service create web --app store');
    await done('service rename web api', inStore);
    await done('service create worker', inStore);
    expect((await sallyport('service delete worker', inStore)).code).toBe(2);
    await done('service delete worker --yes', inStore);
    expect(rowsOf(await done('service list', inStore)).map(([name]) => name)).toEqual(['api']);
  });

  test('refer to secrets by variables and files, in all environments or in one', async () => {
    const set = await done('service config set api DB_PASSWORD db-password', inStore);
    expect(set.stderr).toContain('DB_PASSWORD refers to db-password in all environments.');
    await done('service config set api DB_PASSWORD db-password --env PROD', inStore);
    await done('service config set api etc/key.pem db-password --kind file', inStore);
    expect(rowsOf(await done('service config list api', inStore))).toEqual([
      ['variable', 'DB_PASSWORD', 'all', 'db-password', '-'],
      ['variable', 'DB_PASSWORD', 'prod', 'db-password', '-'],
      ['file', 'etc/key.pem', 'all', 'db-password', '-'],
    ]);
    const wrong = await sallyport('service config set api 1X db-password', inStore);
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('code: invalid-name')]);
    expect((await sallyport('service config set api X nothing', inStore)).code).toBe(4);
  });

  test('lose a variable only when it is confirmed, and only the one that is named', async () => {
    await done('service config set api DB_PASSWORD db-password', inStore);
    await done('service config set api DB_PASSWORD db-password --env prod', inStore);
    expect((await sallyport('service config remove api DB_PASSWORD -e prod', inStore)).code).toBe(2);
    await done('service config remove api DB_PASSWORD -e prod --yes', inStore);
    expect((await sallyport('service config remove api DB_PASSWORD -e prod --yes', inStore)).code).toBe(4);
    const left = rowsOf(await done('service config list api', inStore));
    expect(left.filter(([, name]) => name === 'DB_PASSWORD').map(([, , where]) => where)).toEqual(['all']);
  });
});

describe('completion', () => {
  test('knows the names of applications and environments', async () => {
    await done('app create alpha --production omega');
    const { stdout } = await place.run(['__complete', '--', 'app', 'show', 'alp']);
    expect(stdout).toBe('alpha\n');
    const environments = await place.run(['__complete', '--', 'env', 'list', '-a', 'alpha', '--app']);
    expect(environments.stdout).toContain('--app');
    expect((await place.run(['__complete', '--', 'env', 'rename', 'om'])).stdout).toBe('omega\n');
  });
});

describe('availability of a secret', () => {
  test('is given with a new one, changed by a command of its own, and shown', async () => {
    const words = (line: string[], options: RunOptions = {}) => place.run(line, options);
    await words(['set', 'away', '-', '--availability', 'stale-ok 15m'], { input: 'x' });
    expect((await done('describe away')).stdout).toMatch(/^availability: +stale-ok 15m$/m);
    const changed = await words(['availability', 'set', 'away', 'offline 24h']);
    expect([changed.code, changed.stderr]).toEqual([0, 'Availability of away: offline 24h.\n']);
    expect(rowsOf(await done('list --search away'))[0]).toContain('offline 24h');
    expect((await done('changes away')).stdout).toContain('availability: stale-ok 15m → offline 24h');
    const kept = await words(['set', 'away', '-', '--availability', 'fresh'], { input: 'x' });
    expect([kept.code, kept.stderr]).toEqual([2, expect.stringContaining('sallyport availability set')]);
  });
});

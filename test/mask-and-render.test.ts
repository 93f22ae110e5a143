// `sallyport mask`, the note when a value cannot be masked, and `sallyport render`: real processes, one installation for all.
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { untilWritten, Workplace } from '../packages/cli/test/sallyport.ts';
import type { Finished, RunOptions } from '../packages/cli/test/sallyport.ts';
import { Deployment, pieces } from './harness/deployment.ts';

const AT_PROD = ['--app', 'shop', '--env', 'prod'];
const PASSWORD = 'hunter2-correct-"horse"';

let deployment: Deployment;
let work: Workplace;

beforeAll(async () => {
  [deployment, work] = await Promise.all([Deployment.start(), Workplace.make()]);
  await deployment.startDelegate({ name: 'one' });
  const { client } = deployment;
  await client.call('createSecretsManager', { body: { name: 'ring', settings: { kind: 'built-in' } } });
  await client.call('createApplication', {
    body: {
      name: 'shop',
      environments: [
        { name: 'prod', type: 'production' },
        { name: 'dev', type: 'non-production' },
      ],
    },
  });
  await client.set('sally://shop/prod/db-password', PASSWORD);
  await client.set('sally://shop/prod/pin', '1');
  await client.set('sally://shop/prod/blob', 'blue-value');
  await client.set('sally://shop/dev/dev-only', 'value-of-dev');
  await client.set('sally://shop/prod/which', 'db-password');
  await client.upload('sally://shop/prod/key-file', pieces(Uint8Array.of(0xff, 0x00, 0x7f)));
  const params = { application: 'shop' };
  await client.call('createService', { params, body: { name: 'api' } });
  const entry = async (kind: 'variable' | 'file', name: string, secret: string): Promise<unknown> =>
    client.call('putConfigEntry', {
      params: { application: 'shop', service: 'api' },
      body: { kind, name, environment: 'prod', secret: `sally://shop/prod/${secret}` },
    });
  await entry('variable', 'DB_PASSWORD', 'db-password');
  await entry('variable', 'WHICH', 'which');
  await entry('file', 'etc/key.bin', 'key-file');
}, 60_000);
afterAll(async () => {
  await work[Symbol.asyncDispose]();
  await deployment.close();
}, 60_000);

function options(more: RunOptions = {}): RunOptions {
  const { address, token } = deployment;
  return { ...more, env: { SALLYPORT_ADDR: address, SALLYPORT_TOKEN: token, ...more.env } };
}

/** A line as typed, cut at blanks. */
function sallyport(words: string | readonly string[], more?: RunOptions): Promise<Finished> {
  return work.run(typeof words === 'string' ? words.split(' ') : [...words], options(more));
}

async function template(text: string): Promise<string> {
  await writeFile(join(work.folder, 'template'), text);
  return 'template';
}

describe('mask', () => {
  const base64 = Buffer.from(`user:${PASSWORD}`).toString('base64');
  const log = `start\npassword=${PASSWORD} ${JSON.stringify({ PASSWORD })}\nAuthorization: Basic ${base64}\npin 1\n`;

  test('all values of a place are taken out, whatever their encoding, and what is not is said', async () => {
    const { code, stdout, stderr } = await sallyport(['mask', ...AT_PROD], {
      input: `${log}dev: value-of-dev\n`,
    });
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^start\npassword=\[masked\] \{"PASSWORD":"\[masked\]"\}\nAuthorization: Basic dXNlcj\S?\[masked\]\npin 1\ndev: value-of-dev\n$/,
    );
    expect(stderr).toContain('note: pin is too short to be masked in output');
    expect(stderr).not.toContain('note: db-password');
  });

  test('only chosen values', async () => {
    const { stdout } = await sallyport(['mask', '--secret', 'blob', ...AT_PROD], {
      input: `blue-value ${PASSWORD}`,
    });
    expect(stdout).toBe(`[masked] ${PASSWORD}`);
  });

  test('values of a file or of the environment, without a server', async () => {
    await writeFile(
      join(work.folder, 'vars.env'),
      `# a comment\nexport A='value-of-a' # more\nB="two\\nlines-here"\nC=true\n`,
    );
    const env = { TOKEN: 'value-of-token', SALLYPORT_ADDR: 'http://127.0.0.1:9' };
    const { code, stdout, stderr } = await work.run(
      ['mask', '--values-from-file', 'vars.env', '--values-from-env', 'TOKEN'],
      { env, input: 'value-of-a value-of-token lines-here true' },
    );
    expect([code, stdout]).toEqual([0, '[masked] [masked] [masked] true']);
    expect(stderr).toBe(
      'note: C is a common word or number and is not masked in output: it would be found everywhere.\n',
    );
    const empty = { env: { ...env, TOKEN: '' }, input: 'passes?' };
    expect(await work.run(['mask', '--values-from-env', 'TOKEN'], empty)).toMatchObject({
      code: 2,
      stdout: '',
    });
  });

  test('a prompt that ends like the beginning of a value is seen while the program waits', async () => {
    const child = work.start(['mask', '--values-from-env', 'X'], options({ env: { X: '? or else' } }));
    child.stdin?.write('Go on?');
    await untilWritten(child, 'Go on?');
    child.stdin?.end(' yes\n');
    await new Promise((resolve) => child.once('close', resolve));
    expect(child.exitCode).toBe(0);
  });

  test('what was written before Ctrl-C comes through', async () => {
    const child = work.start(['mask', '--values-from-env', 'X'], options({ env: { X: 'value-of-x' } }));
    child.stdin?.write('one\n');
    await untilWritten(child, 'one\n');
    child.kill('SIGINT');
    child.stdin?.end('last value-of-x\n');
    await untilWritten(child, 'last [masked]\n');
  });

  test.each([
    ['mask', 2, /not said whose values/],
    ['mask --secret nothing-of-that-name --app shop --env prod', 4, /nothing is let through/],
    ['mask --secret dev-only --app shop --env prod', 3, /is not scoped to shop\/prod/],
    ['mask --values-from-env NOT_SET', 2, /not set: NOT_SET/],
    ['mask --values-from-file not-there', 2, /cannot be read: ENOENT/],
  ])('%s lets nothing through', async (line, code, message) => {
    const ended = await sallyport(line, { input: 'secret text' });
    expect([ended.code, ended.stdout]).toEqual([code, '']);
    expect(ended.stderr).toMatch(message);
  });
});

describe('set', () => {
  test.each([['true', /note: the value is a common word or number and is not masked/]])(
    'says that %j cannot be masked, and not what it is',
    async (value, note) => {
      const { code, stderr } = await sallyport('set flag - --app shop --env dev', { input: value });
      expect(code).toBe(0);
      expect(stderr).toMatch(note);
      expect(stderr.replaceAll('masked', '')).not.toContain(` ${value} `);
      expect((await sallyport('set fine - --app shop --env dev', { input: 'hunter2' })).stderr).not.toContain(
        'note: the value',
      );
    },
  );

  test('of a file, too', async () => {
    await writeFile(join(work.folder, 'tiny'), 'x');
    expect((await sallyport('set tiny --file tiny --app shop --env dev')).stderr).toMatch(
      /too short to be masked/,
    );
  });
});

describe('render', () => {
  const TEXT = [
    'password: ${secrets.getValue("db-password") | yaml}',
    "again: ${secrets.getValue('${variable.name}')}",
    'indirect: ${secrets.getValue(serviceVariable.WHICH)}',
    'address: ${sally://shop/prod/blob@1}',
    'variable: ${serviceVariable.DB_PASSWORD}',
    'key: ${configFile.getAsBase64("etc/key.bin")}',
    'stage: ${variable.stage}, home: ${HOME}, $${secrets.getValue("x")}',
    '',
  ].join('\n');
  const words = [
    'render',
    'template',
    ...AT_PROD,
    '--service',
    'api',
    '--var',
    'stage=blue',
    '--var',
    'name=db-password',
  ];
  const RENDERED = [
    String.raw`password: "hunter2-correct-\"horse\""`,
    `again: ${PASSWORD}`,
    `indirect: ${PASSWORD}`,
    'address: blue-value',
    `variable: ${PASSWORD}`,
    'key: /wB/',
    'stage: blue, home: ${HOME}, ${secrets.getValue("x")}',
    '',
  ].join('\n');

  test('every form, to standard output or to a file with its mode, and nothing beside it', async () => {
    await template(TEXT);
    const { code, stdout, stderr } = await sallyport(words);
    expect([code, stderr.replaceAll(/^note: met delegate.*\n/gm, ''), stdout]).toEqual([0, '', RENDERED]);
    await writeFile(join(work.folder, 'out.yaml'), 'before');
    await chmod(join(work.folder, 'out.yaml'), 0o644);
    expect((await sallyport([...words, '--out', 'out.yaml'])).code).toBe(0);
    expect(await readFile(join(work.folder, 'out.yaml'), 'utf8')).toBe(RENDERED);
    expect((await stat(join(work.folder, 'out.yaml'))).mode & 0o777).toBe(0o600);
    await sallyport([...words, '--out', 'out.yaml', '--mode', '0640']);
    expect((await stat(join(work.folder, 'out.yaml'))).mode & 0o777).toBe(0o640);
    expect((await readdir(work.folder)).filter((name) => name.includes('.part'))).toEqual([]);
    const { code: refused, stderr: why } = await sallyport([...words, '--out', './template']);
    expect([refused, why]).toEqual([2, expect.stringContaining('is the template itself')]);
    expect(await readFile(join(work.folder, 'template'), 'utf8')).toBe(TEXT);
  });

  test('--check lists what is needed without reading a value, and its exit code says what is missing', async () => {
    const { client } = deployment;
    await template(TEXT);
    const before = await client.describe('sally://shop/prod/blob');
    const complete = await sallyport([...words, '--check']);
    expect(complete.code).toBe(0);
    expect(complete.stdout).toMatch(/^1:11 2:8 +secret db-password +there, version 1$/m);
    expect(complete.stdout).toMatch(/^3:11 +variable WHICH of the service +there, version 1$/m);
    expect(complete.stdout).toMatch(/^6:6 +file etc\/key.bin of the service +there, version 1$/m);
    expect(complete.stderr).toContain('left as it is, since it is none of ours: ${HOME}');
    expect(complete.stdout + complete.stderr).not.toContain('hunter2');
    expect((await client.describe('sally://shop/prod/blob')).secret.usage).toEqual(before.secret.usage);
    await template('${secrets.getValue("gone")} ${secrets.getValue("dev-only")}\n${serviceVariable.NONE}');
    const missing = await sallyport([...words, '--check']);
    expect(missing.code).toBe(4);
    expect(missing.stdout).toMatch(/^1:1 +secret gone +missing: There is no such secret/m);
    expect(missing.stdout).toMatch(
      /^1:29 +secret dev-only +missing: "dev-only" is not scoped to shop\/prod\.$/m,
    );
    expect(missing.stdout).toMatch(
      /^2:1 +variable NONE of the service +missing: The service has no variable/m,
    );
  });

  test.each([
    [
      'x\n ${secrets.getValue("gone")}',
      4,
      /template, line 2, column 2: secret gone: There is no such secret/,
    ],
    [
      '${secrets.getValue("gone")}\n${secrets.getValue("dev-only")}',
      4,
      /2 things that template needs cannot be read:\n {2}line 1[^]*\n {2}line 2/,
    ],
    ['${secrets.getValue("key-file")}', 5, /template, line 1, column 1: the value is not UTF-8 text/],
    ['${secrets.getvalue("x")}', 2, /template, line 1, column 1: this is none of the forms/],
    ['${variable.nothing}', 2, /the variable nothing is not given[^]*--var nothing=VALUE/],
  ])('%j fails, says where and why, and writes nothing', async (text, code, message) => {
    await template(text);
    const ended = await sallyport([...words, '--out', 'not-written']);
    expect([ended.code, ended.stdout]).toEqual([code, '']);
    expect(ended.stderr).toMatch(message);
    await expect(stat(join(work.folder, 'not-written'))).rejects.toThrow('ENOENT');
  });

  test('a name that several secrets have is told apart from one that is not there', async () => {
    const { client } = deployment;
    await client.set('sally://shop/prod/twice', 'value-1');
    await client.set('sally://shop/dev/twice', 'value-2');
    const { code, stderr } = await sallyport('render -', { input: '${secrets.getValue("twice")}' });
    expect(code).toBe(5);
    expect(stderr).toMatch(/standard input, line 1, column 1: secret twice: 2 secrets have this name/);
  });

  test('variables come from a file, too, and those of the line go first', async () => {
    await writeFile(join(work.folder, 'vars'), 'a=1\nb=2\n');
    const { stdout } = await sallyport('render - --var-file vars --var b=3', {
      input: '${variable.a}${variable.b}',
    });
    expect(stdout).toBe('13');
  });
});

// `sallyport run` with real processes: what a program gets, what keeps it from being started, what of it passes through unchanged.
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nodeProgram, RunPlace } from './harness/run-place.ts';

const PRINT = 'printf "%s|%s" "$DB_PASSWORD" "$API_TOKEN"';
const UNMASKED = ['--no-masking'];

let place: RunPlace;

beforeAll(async () => {
  place = await RunPlace.start('prod', 'odd', 'many');
  await place.store('prod', { 'db-password': 'hunter2 "quoted"\n$HOME', 'api.token': 'tok-0123456789' });
}, 60_000);
afterAll(async () => place?.close());

const inProd = (flags: string[], program: string[]): string[] => place.words('prod', flags, program);

describe('a program gets', () => {
  test.each([
    ['bash', ['bash', '-c', PRINT]],
    [
      'python',
      [
        'python3',
        '-c',
        'import os,sys;sys.stdout.write(os.environ["DB_PASSWORD"]+"|"+os.environ["API_TOKEN"])',
      ],
    ],
    ['node', nodeProgram('process.stdout.write(process.env.DB_PASSWORD+"|"+process.env.API_TOKEN)')],
  ])('what may be used at its place, byte for byte: %s', async (_, program) => {
    const { code, stdout, stderr } = await place.run(inProd(UNMASKED, program));
    expect([code, stdout, stderr]).toEqual([0, 'hunter2 "quoted"\n$HOME|tok-0123456789', expect.anything()]);
  });

  test('what is inherited, secrets first, and no key to the server', async () => {
    const env = { DB_PASSWORD: 'mine', OTHER: 'kept' };
    const program = ['sh', '-c', 'echo "$DB_PASSWORD" | head -1; echo "$OTHER ${SALLYPORT_TOKEN-none}"'];
    expect((await place.run(inProd(UNMASKED, program), { env })).stdout).toBe(
      'hunter2 "quoted"\nkept none\n',
    );
    const kept = await place.run(inProd([...UNMASKED, '--preserve-env', 'X,DB_PASSWORD'], program), { env });
    expect(kept.stdout).toBe('mine\nkept none\n');
    const token = ['sh', '-c', 'echo "$SALLYPORT_TOKEN"'];
    expect((await place.run(inProd([...UNMASKED, '--keep-token'], token))).stdout).toContain('sp_key_');
  });

  test('nothing but secrets and what finds the way, with --only-secrets', async () => {
    const { stdout } = await place.run(inProd([...UNMASKED, '--only-secrets'], ['env', '-0']), {
      env: { OTHER: 'x', LC_ALL: 'C', TERM: 'dumb' },
    });
    const names = stdout.split('\0').map((line) => line.split('=')[0]);
    expect(new Set(names)).toEqual(
      new Set(['', 'PATH', 'HOME', 'TERM', 'LC_ALL', 'DB_PASSWORD', 'API_TOKEN']),
    );
  });

  test('what mapping files and --set name, later ones first, whole and in either form', async () => {
    await writeFile(
      join(place.work.folder, 'one.env'),
      'A=plain # not this\nexport B="sally://shop/prod/db-password@1"\nC=\'x\'\n',
    );
    await writeFile(join(place.work.folder, 'two.yaml'), 'C: sally:///api.token\nD: |\n  l1\n  l2\n');
    const flags = [
      ...UNMASKED,
      '--env-from',
      'one.env',
      '--env-from',
      'two.yaml',
      '--set',
      'A=sally:///api.token',
    ];
    const program = ['sh', '-c', 'printf "%s;" "$A" "$B" "$C" "$D" "${DB_PASSWORD-none}"'];
    const { stdout, stderr } = await place.run(inProd(flags, program));
    expect([stdout, stderr.replace(/note: met.*\n/, '')]).toEqual([
      'tok-0123456789;hunter2 "quoted"\n$HOME;tok-0123456789;l1\nl2\n;none;',
      '',
    ]);
    const all = await place.run(inProd([...flags, '--all'], ['sh', '-c', 'printf %s "$A$API_TOKEN"']));
    expect(all.stdout).toBe('tok-0123456789tok-0123456789');
  });

  test('the variables of its service, with the entry of its environment first', async () => {
    const { client } = place.deployment;
    const params = { application: 'shop', service: 'api' };
    await client.call('createService', { params: { application: 'shop' }, body: { name: 'api' } });
    await client.set('for-all', 'everywhere', {
      scope: { type: 'rows', rows: [{ applications: ['shop'], environments: 'all' }] },
    });
    const put = async (name: string, secret: string, environment: string | null): Promise<unknown> =>
      client.call('putConfigEntry', { params, body: { kind: 'variable', name, environment, secret } });
    await put('SHARED', 'for-all', null);
    await put('DB', 'for-all', null);
    await put('DB', 'api.token', 'prod');
    const program = ['sh', '-c', 'printf "%s;" "$SHARED" "$DB" "${DB_PASSWORD-none}"'];
    const { stdout } = await place.run(inProd([...UNMASKED, '--service', 'api'], program));
    expect(stdout).toBe('everywhere;tok-0123456789;none;');
  });

  test('nothing, and it is not started, when a service has no entries there', async () => {
    const { client } = place.deployment;
    const params = { application: 'shop', service: 'worker' };
    await client.call('createService', { params: { application: 'shop' }, body: { name: 'worker' } });
    const flags = ['--service', 'worker'];
    const none = await place.run(inProd(flags, ['echo', 'started']));
    expect([none.code, none.stdout, none.stderr]).toEqual([
      9,
      '',
      expect.stringContaining('worker of shop has no config entries for prod'),
    ]);
    await client.call('putConfigEntry', {
      params,
      body: { kind: 'file', name: 'ca.pem', environment: null, secret: 'for-all' },
    });
    const onlyFiles = await place.run(inProd(flags, ['echo', 'started']));
    expect([onlyFiles.code, onlyFiles.stdout, onlyFiles.stderr]).toEqual([
      9,
      '',
      expect.stringContaining('--files'),
    ]);
    const besides = await place.run(inProd([...flags, '--set', 'A=b', ...UNMASKED], ['sh', '-c', 'echo $A']));
    expect(besides.stdout).toBe('b\n');
  });

  test('nothing by a flag that Node takes for itself', async () => {
    // Node reads the file before the command starts, with the NODE_OPTIONS in it.
    await writeFile(join(place.work.folder, 'node.env'), 'A=b\n');
    const { code, stderr } = await place.run(inProd(['--env-file', 'node.env'], ['env']));
    expect([code, stderr]).toEqual([2, expect.stringContaining('--env-from')]);
  });

  test('500 secrets, in one call', async () => {
    const names = Array.from({ length: 500 }, (_, index) => `secret-${index}`);
    for (let at = 0; at < names.length; at += 50) {
      const some = names.slice(at, at + 50);
      await Promise.all(some.map(async (name) => place.store('many', { [name]: `value of ${name}` })));
    }
    const program = nodeProgram(
      'for (let i = 0; i < 500; i++) if (process.env["SECRET_" + i] !== "value of secret-" + i) process.exit(1)',
    );
    expect((await place.run(place.words('many', [], program))).code).toBe(0);
    const { records } = await place.deployment.client.call('listAudit', {
      query: { action: 'secret.released', limit: 500 },
    });
    const last = records.filter(({ requestId }) => requestId === records[0]?.requestId);
    expect(last).toHaveLength(500);
  }, 60_000);

  test('its standard input untouched, binary as it comes', async () => {
    const input = randomBytes(300_000);
    for (const flags of [UNMASKED, []]) {
      const { bytes } = await place.run(inProd(flags, ['cat']), { input });
      expect(bytes.equals(input)).toBe(true);
    }
  });
});

describe('a program ends', () => {
  test.each([0, 1, 9, 126, 130, 255])('with its own exit code: %i', async (code) => {
    const flags = code % 2 === 0 ? UNMASKED : ['--masking'];
    expect((await place.run(inProd(flags, ['sh', '-c', `exit ${code}`]))).code).toBe(code);
  });

  test.each(['SIGTERM', 'SIGINT', 'SIGKILL', 'SIGPIPE'])(
    'by the signal that it ended by: %s',
    async (signal) => {
      for (const flags of [UNMASKED, ['--masking']]) {
        const { signal: seen } = await place.run(inProd(flags, ['sh', '-c', `kill -${signal.slice(3)} $$`]));
        expect(seen).toBe(signal);
      }
    },
  );

  test('with the exit code of shells where a signal would write memory to a file', async () => {
    expect((await place.run(inProd(['--masking'], ['sh', '-c', 'kill -ABRT $$']))).code).toBe(134);
  });

  test('quietly when nobody reads what it writes', async () => {
    for (const flags of ['--no-masking', '--masking']) {
      const words = inProd([flags], ['sh', '-c', 'yes; echo $? >&2']).map((word) => `'${word}'`);
      const shell = `"$NODE" "$LAUNCHER" ${words.join(' ')} | head -1; echo "\${PIPESTATUS[0]}"`;
      const { stdout, stderr } = await place.shell(shell);
      expect(stdout).toBe('y\n0\n');
      // The status of `yes`: ended by SIGPIPE, as without us.
      expect(stderr).toMatch(/141\n$/);
    }
  });
});

describe('values are masked', () => {
  test('in both outputs, across writes, and in the order in which they were written', async () => {
    const source =
      'const v = process.env.API_TOKEN; const w = (s, t) => new Promise((r) => s.write(t, r));' +
      '(async () => { for (const s of [process.stdout, process.stderr]) {' +
      'await w(s, "a " + v.slice(0, 6)); await new Promise((r) => setImmediate(r)); await w(s, v.slice(6) + " b\\n"); await w(s, Buffer.from(v).toString("base64")); } })()';
    const { stdout, stderr } = await place.run(inProd([], nodeProgram(source)));
    expect(stdout).toMatch(/^a \[masked\] b\n\[masked\]=*$/);
    expect(stderr.replace(/note: .*\n/, '')).toMatch(/^a \[masked\] b\n\[masked\]=*$/);
  });

  test('and everything else comes out, all of it, before the exit code', async () => {
    const source = 'process.stdout.write("x".repeat(3_000_000)); process.exitCode = 7';
    const { code, bytes } = await place.run(inProd([], nodeProgram(source)));
    expect([code, bytes.length]).toEqual([7, 3_000_000]);
  });
});

describe('nothing is started', () => {
  const started = ['sh', '-c', 'echo started'];

  test('when a secret is missing, each of which is named', async () => {
    const flags = [
      '--set',
      'A=sally://shop/prod/nope',
      '--set',
      'B=sally:///gone@3',
      '--set',
      'C=sally:///api.token',
    ];
    const { code, stdout, stderr } = await place.run(inProd(flags, started));
    expect([code, stdout]).toEqual([9, '']);
    expect(stderr).toMatch(/2 secrets cannot be read.*\n {2}A: sally:\/\/shop\/prod\/nope.*\n {2}B: /);
    expect(stderr).not.toContain('  C: ');
    const empty = { name: 'empty', environments: [{ name: 'prod', type: 'production' as const }] };
    await place.deployment.client.call('createApplication', { body: empty });
    const nothing = await place.run(['run', '--app', 'empty', '--env', 'prod', '--', ...started]);
    expect([nothing.code, nothing.stdout]).toEqual([9, '']);
  });

  test('when the program is not there or is not one, by the exit codes of shells', async () => {
    expect(await place.run(inProd([], ['no-such-program']))).toMatchObject({ code: 127, stdout: '' });
    expect(await place.run(inProd([], ['/']))).toMatchObject({ code: 126, stdout: '' });
    await writeFile(join(place.work.folder, 'bad'), '#!/no/such/shell\n', { mode: 0o755 });
    const bad = await place.run(inProd(['--no-masking'], ['./bad']));
    expect([bad.code, bad.stderr]).toEqual([126, expect.stringContaining('what its first line names')]);
    expect(bad.stderr).not.toContain('Warning');
  });

  test('when two secrets become one variable, or a name cannot be one', async () => {
    await place.store('odd', { 'a-b': '1', 'a.b': '2', '1st': '3', ok: '4' });
    const clash = await place.run(place.words('odd', ['--exclude', '1st'], started));
    expect([clash.code, clash.stdout]).toEqual([2, '']);
    expect(clash.stderr).toContain('"a-b" and "a.b" both become the variable A_B');
    const name = await place.run(place.words('odd', ['--exclude', 'a-b'], started));
    expect([name.code, name.stderr]).toEqual([2, expect.stringContaining('"1st" cannot become a variable')]);
    const flags = ['--exclude', 'a-b', '--prefix', 'app_', '--transform', 'camel', ...UNMASKED];
    const well = await place.run(place.words('odd', flags, ['sh', '-c', 'echo $app_aB $app_1st $app_ok']));
    expect(well.stdout).toBe('2 3 4\n');
  });

  test('when a secret of the place would decide what code programs run', async () => {
    // Whoever may store a secret there would otherwise run code wherever programs are started with all of it.
    await place.store('odd', { 'ld-preload': '/tmp/evil.so' });
    const { code, stdout, stderr } = await place.run(
      place.words('odd', ['--exclude', '1st', '--exclude', 'a-b'], started),
    );
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('"ld-preload" would set LD_PRELOAD');
    await place.deployment.client.remove('sally://shop/odd/ld-preload');
  });

  test('when a value cannot be in a variable, with the way out and never the value', async () => {
    await place.store('odd', {
      zero: 'be\0fore',
      large: 'L'.repeat(131_072),
      binary: Buffer.from([0xff, 0xfe]),
    });
    for (const [name, why] of [
      ['zero', 'has a zero byte'],
      ['large', '128 KiB'],
      ['binary', 'is not UTF-8 text'],
    ]) {
      const { code, stderr } = await place.run(place.words('odd', ['--set', `X=sally:///${name}`], started));
      expect([code, stderr]).toEqual([2, expect.stringContaining(why as string)]);
      expect(stderr).toContain(`The secret "${name}"`);
      expect(stderr).toContain('--mount FILE');
      expect(stderr).not.toMatch(/before|LLL/);
    }
    const both = ['--set', 'X=sally:///zero', '--set', 'Y=sally:///binary'];
    const { stderr } = await place.run(place.words('odd', both, started));
    expect(stderr).toMatch(/2 values cannot be variables:\n +X cannot[^]*\n +Y cannot/);
  });

  test('when all of it is more than the system takes, with the largest named', async () => {
    const value = 'v'.repeat(120_000);
    for (let i = 0; i < 3; i++) await place.store('odd', { [`big-${i}`]: value });
    const one = Array.from({ length: 8 }, (_, i) => ['--set', `V${i}=sally:///big-${i % 3}`]).flat();
    const fits = ['sh', '-c', 'echo ${#V0}'];
    expect((await place.run(place.words('odd', [...one, ...UNMASKED], fits))).stdout).toBe('120000\n');
    const many = Array.from({ length: 60 }, (_, i) => ['--set', `V${i}=sally:///big-${i % 3}`]).flat();
    const { code, stderr } = await place.run(place.words('odd', many, fits));
    expect(code).toBe(126);
    expect(stderr).toMatch(/more than the operating system takes.*V\d+ \(120000 bytes\)/s);
  }, 60_000);
});

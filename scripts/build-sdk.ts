// `npm run build:sdk`: makes the package that applications install out of the client library: one script each for Node-like runtimes and for
// browsers, with nothing of ours left to install beside it, and types. Into packages/sdk/dist, or the folder given; ready for `npm publish`.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { build } from 'vite';

const ROOT = join(import.meta.dirname, '..');
const SDK = join(ROOT, 'packages/sdk');
const out = process.argv[2] ?? join(SDK, 'dist');

/** Entries, and for whom they are made. */
const ENTRIES = {
  index: 'node',
  scripts: 'node',
  browser: 'browser',
  'browser-audit': 'browser',
} as const;

type Manifest = {
  version: string;
  license: string;
  dependencies?: Record<string, string>;
};

/** Our other packages, whose types the client's refer to. */
const BELOW = ['core', 'protocol'];

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}

async function bundle(entry: keyof typeof ENTRIES): Promise<void> {
  await build({
    root: SDK,
    configFile: false,
    logLevel: 'error',
    // The whole package in one file: no runtime has to find its way among ours.
    ssr: { noExternal: true },
    build: {
      outDir: out,
      emptyOutDir: false,
      minify: true,
      target: 'es2024',
      ...(ENTRIES[entry] === 'node'
        ? { ssr: `src/${entry}.ts` }
        : { lib: { entry: `src/${entry}.ts`, formats: ['es'], fileName: entry } }),
      rolldownOptions: { external: [/^node:/], output: { codeSplitting: false, minify: true } },
    },
  });
}

/** Types of everything that the entries reach, with our own packages by relative paths. */
function writeTypes(): void {
  const config = join(out, 'tsconfig.json');
  const compilerOptions = {
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    outDir: join(out, 'types'),
    rootDir: join(ROOT, 'packages'),
    typeRoots: [join(ROOT, 'node_modules/@types')],
  };
  // All files by name: what the compiler comes upon through node_modules it takes for somebody else's, and writes no types of it.
  const include = [...BELOW, 'sdk'].map((name) => join(ROOT, 'packages', name, 'src'));
  writeFileSync(
    config,
    JSON.stringify({ extends: join(ROOT, 'tsconfig.json'), compilerOptions, include, exclude: [] }),
  );
  const run = spawnSync('tsc', ['-p', config], { stdio: 'inherit' });
  rmSync(config);
  if (run.status !== 0) throw new Error('the types could not be made');
  for (const name of readdirSync(join(out, 'types'), { recursive: true, encoding: 'utf8' })) {
    if (name.endsWith('.d.ts')) rewriteImports(join(out, 'types', name));
  }
}

function rewriteImports(file: string): void {
  const text = readFileSync(file, 'utf8')
    .replaceAll(/(from '|import\(")(\.[^'"]*)\.ts(?=['"])/g, '$1$2.js')
    .replaceAll(
      /(from '|import\(")@sallyport\/([a-z]+)(?:\/([a-z-]+))?(?=['"])/g,
      (_, before, name, part) => {
        const face = part === undefined ? 'index' : `${part as string}/index`;
        const path = relative(dirname(file), join(out, 'types', name as string, 'src', `${face}.js`));
        return `${before as string}${path.startsWith('.') ? path : `./${path}`}`;
      },
    );
  writeFileSync(file, text);
}

function writeManifest(): void {
  const { version, license } = manifestOf(SDK);
  const zod = manifestOf(join(ROOT, 'packages/protocol')).dependencies?.['zod'] ?? '';
  const entry = (name: string) => ({ types: `./types/sdk/src/${name}.d.ts`, default: `./${name}.js` });
  const manifest = {
    name: '@sallyport/sdk',
    version,
    description:
      'Secrets of a Sallyport server for applications: sealed end to end, held for a while, watched.',
    license,
    type: 'module',
    sideEffects: false,
    engines: { node: '>=24' },
    exports: {
      '.': entry('index'),
      './scripts': entry('scripts'),
      './browser': entry('browser'),
      './browser-audit': entry('browser-audit'),
    },
    // Of its types only: no code of it is loaded.
    dependencies: { zod: `^${zod}` },
  };
  writeFileSync(join(out, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
// One after the other: they write into the same folder.
for (const entry of Object.keys(ENTRIES) as (keyof typeof ENTRIES)[]) await bundle(entry);
writeTypes();
writeManifest();
cpSync(join(ROOT, 'LICENSE'), join(out, 'LICENSE'));
cpSync(join(SDK, 'README.md'), join(out, 'README.md'));

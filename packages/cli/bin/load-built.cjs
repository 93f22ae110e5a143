// Loads what `npm run build:cli` made, together with the compiled code that an earlier run of the same command left behind. Node's own cache
// keeps a file as it is compiled when it is loaded, which is hardly more than its outermost functions, and all others are parsed again at
// every start. Here it is taken when a run ends, or becomes a program, with every function that it used.
'use strict';
const {
  mkdirSync,
  openSync,
  closeSync,
  fsyncSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} = require('node:fs');
const { createRequire } = require('node:module');
const { basename, dirname, join } = require('node:path');
const vm = require('node:vm');

/** Ends every file of kept code, so that one that was cut off is recognised. */
const END = Buffer.from('sallyport-code-1\n');
/** What nobody has renewed for so long belongs to an installation that is gone, or is soon made again. */
const KEPT_FOR_MS = 30 * 24 * 3600 * 1000;
const WRAPPER = '(function (exports, require, module, __filename, __dirname) {';
/** By which a program that replaces this process says so; see src/run/become-program.ts. */
const KEEP = Symbol.for('sallyport.keep-code');

/**
 * Runs the command.
 * @param entry path of its first file; names of files say what is in them
 * @param options.word its first word: other words use other functions
 * @param options.folder where code is kept; null: nowhere
 */
exports.loadBuilt = function loadBuilt(entry, { word, folder }) {
  const name = /^[a-z]{1,24}$/.test(word) ? word : 'other';
  const path =
    folder === null ? null : join(folder, `${name}-${basename(entry)}-${process.version}-${process.arch}`);
  const kept = path === null ? null : readKept(path);
  const loader = new Loader(entry, kept);
  if (path !== null) {
    const keep = (isWhole) => {
      if (loader.hasNew || (isWhole && !kept.isWhole))
        writeKept(path, loader.code(), isWhole || kept.isWhole);
    };
    process.once('exit', (code) => keep(code === 0));
    globalThis[KEEP] = () => keep(true);
  }
  loader.load(basename(entry));
};

class Loader {
  /** Whether a file was loaded of which no code was kept. */
  hasNew = false;
  #folder;
  #kept;
  #require;
  #modules = new Map();
  #scripts = new Map();

  constructor(entry, kept) {
    this.#folder = dirname(entry);
    this.#kept = kept;
    const others = createRequire(entry);
    this.#require = Object.assign(
      (id) => (id.startsWith('./') && id.endsWith('.cjs') ? this.load(id.slice(2)) : others(id)),
      others,
    );
  }

  load(name) {
    const known = this.#modules.get(name);
    if (known !== undefined) return known.exports;
    const filename = join(this.#folder, name);
    const cachedData = this.#kept?.files.get(name);
    const script = new vm.Script(`${WRAPPER}${readFileSync(filename, 'utf8')}\n})`, {
      filename,
      columnOffset: -WRAPPER.length,
      ...(cachedData === undefined ? {} : { cachedData }),
      importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    });
    // Another Node, or one with other flags, does not take it.
    if (cachedData === undefined || script.cachedDataRejected) this.hasNew = true;
    this.#scripts.set(name, script);
    const module = { exports: {} };
    this.#modules.set(name, module);
    script.runInThisContext()(module.exports, this.#require, module, filename, this.#folder);
    return module.exports;
  }

  /** Of all files that this run loaded, and of those that others did. */
  code() {
    const files = new Map(this.#kept?.files);
    for (const [name, script] of this.#scripts) files.set(name, script.createCachedData());
    return files;
  }
}

/** What an earlier run left behind. */
function readKept(path) {
  const files = new Map();
  try {
    const bytes = readFileSync(path);
    const start = 4 + bytes.readUInt32LE(0);
    if (!bytes.subarray(-END.length).equals(END)) return { files, isWhole: false };
    const { isWhole, sizes } = JSON.parse(bytes.latin1Slice(4, start));
    let at = start;
    for (const [name, size] of sizes) files.set(name, bytes.subarray(at, (at += size)));
    return { files, isWhole };
  } catch {
    return { files, isWhole: false };
  }
}

/** As a whole or not at all; that it cannot be written is no reason to say anything. */
function writeKept(path, files, isWhole) {
  const draft = `${path}.${process.pid}`;
  try {
    const head = Buffer.from(
      JSON.stringify({ isWhole, sizes: [...files].map(([name, { length }]) => [name, length]) }),
      'latin1',
    );
    const size = Buffer.alloc(4);
    size.writeUInt32LE(head.length);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const file = openSync(draft, 'wx', 0o600);
    try {
      writeSync(file, Buffer.concat([size, head, ...files.values(), END]));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(draft, path);
    removeOld(dirname(path));
  } catch {
    rmSync(draft, { force: true });
  }
}

function removeOld(folder) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (Date.now() - statSync(path).mtimeMs > KEPT_FOR_MS) rmSync(path, { force: true });
  }
}

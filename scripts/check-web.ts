// `npm run check:web`: judges the built web UI. What a page loads first stays within its budget, whichever page it is; nothing in it belongs
// to a server or to AWS; the page names no other origin and holds nothing inline.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const DIST = join(import.meta.dirname, '../packages/web/dist');
/** As the server sends it: every browser that can seal takes Brotli. */
const FIRST_LOAD_MAX_BYTES = 200_000;
/** Source of the frame around the pages of signed-in people. */
const SHELL = 'src/app/shell.tsx';
/** Pages for people who are not signed in: without the shell. */
const WITHOUT_SHELL = /^src\/sign-in\//;
const PAGE = /^src\/[a-z-]+\/[a-z-]+-page\.tsx$/;

/** What must not be in a browser, and in which words it would show. */
const FORBIDDEN: readonly (readonly [string, RegExp])[] = [
  ['the AWS SDK', /@aws-sdk|@smithy\/|AWS4-HMAC-SHA256|x-amz-target/i],
  ['code of the server', /better-sqlite|node:sqlite|PRAGMA journal_mode|argon2|kysely/i],
  ['code of a delegate', /sallyport-delegate-identity|CreateGrant|GenerateDataKeyCommand/],
  ['Node', /from\s*["']node:|require\(["']node:|createHmac\(|process\.env\./],
  ['a development build', /react-dom\.development|jsxDEV|Warning: Each child in a list/],
  ['an evaluator of text', /\beval\(|new Function\(/],
  ['another origin', /https?:\/\/(?:fonts|cdn|unpkg|www\.google|api\.segment)/i],
];

type Entry = { file: string; src?: string; isEntry?: boolean; imports?: string[]; dynamicImports?: string[] };

const manifest = JSON.parse(readFileSync(join(DIST, '.vite/manifest.json'), 'utf8')) as Record<string, Entry>;
const entryName = Object.keys(manifest).find((name) => manifest[name]?.isEntry === true) ?? '';
const problems: string[] = [];

/** Files that come with these, by imports that do not wait. */
function filesWith(names: readonly string[]): Set<string> {
  const files = new Set<string>();
  const visit = (name: string): void => {
    const entry = manifest[name];
    if (entry === undefined || files.has(entry.file)) return;
    files.add(entry.file);
    entry.imports?.forEach(visit);
  };
  names.forEach(visit);
  return files;
}

function compressedBytes(files: Iterable<string>): number {
  // What does not get smaller has no compressed form.
  const sent = [...files].map((file) => (existsSync(join(DIST, `${file}.br`)) ? `${file}.br` : file));
  return sent.reduce((sum, file) => sum + statSync(join(DIST, file)).size, 0);
}

const pages = Object.keys(manifest).filter((name) => PAGE.test(name));
if (entryName === '' || pages.length === 0) problems.push('the build has no entry or no pages to judge');
const sizes = pages.map((page) => {
  const names = WITHOUT_SHELL.test(page) ? [entryName, page] : [entryName, SHELL, page];
  return { page, bytes: compressedBytes(filesWith(names)) };
});
for (const { page, bytes } of sizes) {
  if (bytes > FIRST_LOAD_MAX_BYTES)
    problems.push(
      `${page} loads ${kilobytes(bytes)} of JavaScript first; ${kilobytes(FIRST_LOAD_MAX_BYTES)} is the most`,
    );
}

const scripts = readdirSync(join(DIST, 'assets')).filter((name) => /\.(?:js|css)$/.test(name));
if (scripts.length < 5) problems.push('there are hardly any assets to look at');
for (const name of scripts) {
  const text = readFileSync(join(DIST, 'assets', name), 'utf8');
  for (const [what, pattern] of FORBIDDEN) {
    const found = pattern.exec(text);
    if (found !== null) problems.push(`${name} has ${what} in it: ${found[0]}`);
  }
}

const html = readFileSync(join(DIST, 'index.html'), 'utf8');
if (/<script(?![^>]*\bsrc=)/.test(html)) problems.push('index.html has an inline script');
if (/<style|\sstyle=|\son\w+=/.test(html)) problems.push('index.html has an inline style or handler');
if (/(?:src|href)="(?:https?:)?\/\//.test(html)) problems.push('index.html names another origin');
for (const [element] of html.matchAll(/<(?:script|link rel="(?:stylesheet|modulepreload)")[^>]*>/g)) {
  if (!element.includes('integrity="sha384-'))
    problems.push(`index.html has an element without integrity: ${element}`);
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} KB`;
}

for (const problem of problems) console.error(problem);
const largest = sizes.toSorted((a, b) => b.bytes - a.bytes)[0];
if (largest !== undefined)
  console.error(
    `web: ${pages.length} pages; most to load first: ${kilobytes(largest.bytes)} for ${largest.page}`,
  );
process.exitCode = problems.length === 0 ? 0 : 1;

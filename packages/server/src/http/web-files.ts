// The web UI as files: index.html at `/`, everything else below `/assets/` under names that change with their content. It is read into
// memory once, with the compressed forms that its build left beside each file. Without a build, `/` says how to get one.
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { sendFile, sendText } from './answer.ts';
import type { AnswerTo } from './answer.ts';

/** Where the build of the web UI lies in this repository. */
export const WEB_FOLDER = join(import.meta.dirname, '../../../web/dist');

/**
 * What a page of this server may do: run its own scripts and styles, talk to its own server. Nothing inline, nothing from elsewhere, in
 * nobody's frame, and no string becomes markup or script.
 */
export const WEB_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};
/** In the order in which they are preferred. */
const ENCODINGS = [
  { name: 'br', suffix: '.br' },
  { name: 'gzip', suffix: '.gz' },
] as const;

const PAGE_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': WEB_POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
};
const ASSET_HEADERS = { 'cache-control': 'public, max-age=31536000, immutable' };

const NOT_BUILT = `The web UI is not built. Run \`npm run build:web\` and load this page again.
The API is at /v1, and the command line works as it is: npx sallyport help
`;

type WebFile = { type: string; bytes: Buffer; encoded: readonly { name: string; bytes: Buffer }[] };
type WebFileSet = ReadonlyMap<string, WebFile>;

export class WebFiles {
  readonly #folder: string;
  #files: Promise<WebFileSet> | null = null;

  /** @param folder the build; it need not exist */
  constructor(folder: string = WEB_FOLDER) {
    this.#folder = folder;
  }

  /** Answers a request for one of the files, and returns the status; null when it is for none. */
  async serve(path: string, to: AnswerTo): Promise<number | null> {
    const { method, headers } = to.request;
    const isPage = path === '/';
    if ((method !== 'GET' && method !== 'HEAD') || (!isPage && !path.startsWith('/assets/'))) return null;
    const files = await this.#load();
    // By name in a map of what is there: no path of a request ever reaches the file system.
    const file = files.get(isPage ? '/index.html' : path);
    if (file === undefined) {
      if (!isPage) return null;
      sendText(to, 503, { type: 'text/plain; charset=utf-8', text: NOT_BUILT });
      return 503;
    }
    const encoded = file.encoded.find(({ name }) => accepts(headers['accept-encoding'], name));
    const { bytes } = encoded ?? file;
    sendFile(to, bytes, {
      ...(isPage ? PAGE_HEADERS : ASSET_HEADERS),
      'content-type': file.type,
      'cross-origin-resource-policy': 'same-origin',
      vary: 'accept-encoding',
      ...(encoded === undefined ? {} : { 'content-encoding': encoded.name }),
    });
    return 200;
  }

  async #load(): Promise<WebFileSet> {
    this.#files ??= readFiles(this.#folder);
    const files = await this.#files;
    // A build may come later; one that was read stays, so that page and assets fit together.
    if (files.size === 0) this.#files = null;
    return files;
  }
}

/** Empty when there is no build. */
async function readFiles(folder: string): Promise<WebFileSet> {
  const assets = await readdir(join(folder, 'assets')).catch(() => []);
  const names = ['index.html', ...assets.map((name) => `assets/${name}`)];
  const present = new Set(names);
  const files = new Map<string, WebFile>();
  for (const name of names) {
    const type = TYPES[extname(name)];
    if (type === undefined) continue;
    const bytes = await readFile(join(folder, name)).catch(() => null);
    if (bytes === null) continue;
    const encoded = ENCODINGS.filter(({ suffix }) => present.has(name + suffix)).map(async (encoding) => ({
      name: encoding.name,
      bytes: await readFile(join(folder, name + encoding.suffix)),
    }));
    files.set(`/${name}`, { type, bytes, encoded: await Promise.all(encoded) });
  }
  return files;
}

/** Whether an `accept-encoding` header names an encoding, and not with weight zero. */
function accepts(header: string | string[] | undefined, encoding: string): boolean {
  return String(header ?? '')
    .split(',')
    .some((entry) => {
      const [name = '', weight = ''] = entry.split(';');
      return name.trim() === encoding && !/^\s*q=0(\.0*)?\s*$/.test(weight);
    });
}

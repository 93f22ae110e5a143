// Hashes in the page for every script and style that it names, so that a browser runs exactly what was built.
import { createHash } from 'node:crypto';
import type { Plugin } from 'vite';

/** Puts `integrity` into the script and link elements of index.html, once everything else is written. */
export function subresourceIntegrity(): Plugin {
  return {
    name: 'sallyport-subresource-integrity',
    apply: 'build',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        const page = bundle['index.html'];
        if (page?.type !== 'asset') return this.error('there is no index.html to put hashes into');
        const contentOf = (file: string): string | Uint8Array => {
          const output = bundle[file];
          if (output === undefined)
            return this.error(`the page names ${file}, which is not part of the build`);
          return output.type === 'chunk' ? output.code : output.source;
        };
        page.source = withIntegrity(String(page.source), contentOf);
        return undefined;
      },
    },
  };
}

/** The page with an `integrity` attribute in every element that loads code or style. */
export function withIntegrity(html: string, contentOf: (file: string) => string | Uint8Array): string {
  return html.replaceAll(
    /<(?:script|link rel="(?:stylesheet|modulepreload)")[^>]*?(?:src|href)="\.\/([^"]+)"/g,
    (element, file: string) => {
      const hash = createHash('sha384').update(contentOf(file)).digest('base64');
      return `${element} integrity="sha384-${hash}"`;
    },
  );
}

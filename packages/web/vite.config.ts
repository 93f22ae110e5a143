// How the web UI is built: hashed assets under relative addresses, so that it works behind a proxy's path too; no inline script or style,
// no source maps, no code for other browsers than those that can seal.
import { join } from 'node:path';
import { defineConfig } from 'vite';
import { compressedForms } from './build/compressed-forms.ts';
import { subresourceIntegrity } from './build/subresource-integrity.ts';
import { themeStyles } from './build/theme-styles.ts';

/** Warnings that say nothing about this page. */
const OF_NO_MATTER = [
  // Libraries mark modules for servers that render React.
  /MODULE_LEVEL_DIRECTIVE/,
  // The way of @hpke/core to WebCrypto in a Node without it; browsers never go there.
  /Module "crypto" has been externalized .*@hpke\/common/,
];

export default defineConfig({
  root: import.meta.dirname,
  base: './',
  resolve: { alias: { 'react-remove-scroll': join(import.meta.dirname, 'src/ui/scroll-lock.tsx') } },
  plugins: [themeStyles(), subresourceIntegrity(), compressedForms()],
  css: { modules: { localsConvention: 'camelCaseOnly' } },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    // The first versions with X25519 and Ed25519 in WebCrypto.
    target: ['chrome137', 'edge137', 'firefox130', 'safari17'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: true,
    rolldownOptions: {
      onLog: (level, log, report) => {
        if (!OF_NO_MATTER.some((pattern) => pattern.test(`${log.code} ${log.message}`))) report(level, log);
      },
    },
    sourcemap: false,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 700,
  },
});

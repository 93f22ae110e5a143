// The browser of these tests: the system's Chromium, never one that a package brings along.
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** @throws when there is none, with what to do */
export async function launchChromium(): Promise<Browser> {
  const given = process.env['CHROMIUM'];
  const executablePath = given ?? PLACES.find((path) => existsSync(path));
  if (executablePath === undefined) {
    throw new Error(
      `The tests of the web UI need Chromium, and there is none at ${PLACES.join(', ')}. ` +
        'Install it (Debian: apt-get install chromium), or name it in the variable CHROMIUM.',
    );
  }
  // Its sandbox does not work as root; these tests load pages of this repository only.
  const isRoot = process.getuid?.() === 0;
  return chromium.launch({ executablePath, args: isRoot ? ['--no-sandbox'] : [] });
}

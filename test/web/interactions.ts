// How long a page takes to answer what a person does, as the browser itself measures it: from the click or key to the next picture
// (Event Timing, which is what interaction to next paint is made of). What runs in the page is text, since this is also used where types of
// the browser are not known.
import type { Page } from 'playwright-core';

/** One click or key. The browser rounds to 8 ms, and leaves out what took less than 16. */
export type Interaction = { event: string; ms: number };

const OBSERVE = `
  globalThis.interactions = [];
  new PerformanceObserver((list) => {
    for (const { interactionId, name, duration } of list.getEntries())
      if (interactionId) globalThis.interactions.push({ id: interactionId, event: name, ms: duration });
  }).observe({ type: 'event', durationThreshold: 16, buffered: true });
`;

/** Entries are told some time after the picture that ends them. */
const TAKE = `new Promise((resolve) => {
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => resolve(globalThis.interactions.splice(0)), 150)));
})`;

/** Begins to measure in whatever this page loads from now on. */
export async function measureInteractions(page: Page): Promise<void> {
  await page.addInitScript(OBSERVE);
}

/** The interactions since the last time, each with the longest of its events. */
export async function interactionsOf(page: Page): Promise<Interaction[]> {
  const seen = await page.evaluate<(Interaction & { id: number })[]>(TAKE);
  const longest = new Map<number, Interaction>();
  for (const { id, event, ms } of seen) {
    if (ms > (longest.get(id)?.ms ?? 0)) longest.set(id, { event, ms });
  }
  return [...longest.values()];
}

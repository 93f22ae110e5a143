// The parts of the frame around pages: shortcuts, the session, what somebody may see, the hashes in the page.
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { withIntegrity } from '../build/subresource-integrity.ts';
import { may, mayEverywhere, maySomewhere } from '../src/client/permissions.ts';
import type { Rights } from '../src/client/permissions.ts';
import { SessionWatch } from '../src/client/session-watch.ts';
import type { SessionChannel } from '../src/client/session-watch.ts';
import { Shortcuts } from '../src/ui/shortcuts.ts';

describe('shortcuts', () => {
  const press = (shortcuts: Shortcuts, key: string, more: object = {}, nowMs = 0): boolean => {
    let isTaken = false;
    const event = {
      key,
      ctrlKey: false,
      metaKey: false,
      altKey: false,
      target: null,
      defaultPrevented: false,
      preventDefault: () => {
        isTaken = true;
      },
    };
    shortcuts.press({ ...event, ...more }, nowMs);
    return isTaken;
  };

  test('run by one key, or by two in a row', () => {
    const shortcuts = new Shortcuts();
    const ran: string[] = [];
    for (const keys of ['/', 'g s']) shortcuts.add({ keys, label: keys, run: () => ran.push(keys) });
    expect(press(shortcuts, '/')).toBe(true);
    expect(press(shortcuts, 'g')).toBe(false);
    expect(press(shortcuts, 's')).toBe(true);
    expect(press(shortcuts, 's')).toBe(false);
    press(shortcuts, 'g', {}, 0);
    expect(press(shortcuts, 's', {}, 2000)).toBe(false);
    expect(ran).toEqual(['/', 'g s']);
  });

  test('do not run while somebody types, or with other keys held', () => {
    const shortcuts = new Shortcuts();
    shortcuts.add({ keys: '/', label: 'Search', run: () => expect.unreachable() });
    const field = { closest: (selector: string) => (selector.includes('input') ? {} : null) };
    expect(press(shortcuts, '/', { target: field })).toBe(false);
    expect(press(shortcuts, '/', { ctrlKey: true })).toBe(false);
    expect(press(shortcuts, '/', { defaultPrevented: true })).toBe(false);
  });

  test('of two with the same keys the later one counts, until it is taken away', () => {
    const shortcuts = new Shortcuts();
    const ran: string[] = [];
    shortcuts.add({ keys: '/', label: 'one', run: () => ran.push('one') });
    const remove = shortcuts.add({ keys: '/', label: 'two', run: () => ran.push('two') });
    press(shortcuts, '/');
    remove();
    press(shortcuts, '/');
    expect(ran).toEqual(['two', 'one']);
  });
});

test('a session that ends is told once, and again only after it has begun anew', () => {
  const session = new SessionWatch();
  let heard = 0;
  const leave = session.subscribe(() => {
    heard += 1;
  });
  session.ended();
  session.ended();
  expect([session.hasEnded(), heard]).toEqual([true, 1]);
  session.begun();
  expect([session.hasEnded(), heard]).toEqual([false, 2]);
  leave();
  session.ended();
  expect(heard).toBe(2);
});

test('a page whose session has ended hears of one that another page has begun; a page that has one does not ask', () => {
  const hearers: ((event: { data: unknown }) => void)[] = [];
  const channel = {
    postMessage: (data: unknown) => {
      for (const hear of hearers) hear({ data });
    },
    addEventListener: (_type: string, hear: (event: { data: unknown }) => void) => void hearers.push(hear),
  } as unknown as SessionChannel;
  const here = new SessionWatch(channel);
  const there = new SessionWatch(channel);
  let asked = 0;
  const leave = here.onBegunElsewhere(() => {
    asked += 1;
  });
  there.begun();
  expect(asked).toBe(0);
  here.ended();
  channel.postMessage('something else');
  expect(asked).toBe(0);
  there.begun();
  expect(asked).toBe(1);
  // Whose it is has to be asked first.
  expect(here.hasEnded()).toBe(true);
  leave();
  there.begun();
  expect(asked).toBe(1);
});

describe('what somebody may see', () => {
  const everywhere = [{ applications: 'all', environments: 'all' }] as const;
  const production = [{ applications: 'all', environments: 'production' }] as const;
  const rights = (...layers: { where: object; actions: string[] }[][]): Rights =>
    ({ permissions: ['manage-secrets'], grants: layers }) as unknown as Rights;

  test('takes the permission, and each list of grants for an action', () => {
    const me = rights(
      [{ where: everywhere, actions: ['read', 'update'] }],
      [{ where: production, actions: ['read'] }],
    );
    expect(may(me, 'manage-secrets')).toBe(true);
    expect(may(me, 'administer')).toBe(false);
    expect(maySomewhere(me, 'read')).toBe(true);
    expect(maySomewhere(me, 'update')).toBe(false);
    expect(mayEverywhere(me, 'read')).toBe(false);
    expect(mayEverywhere(rights([{ where: everywhere, actions: ['read'] }]), 'read')).toBe(true);
  });

  test('is nothing where there are no grants, or grants for nowhere', () => {
    expect(maySomewhere(rights(), 'read')).toBe(false);
    expect(maySomewhere(rights([]), 'read')).toBe(false);
    expect(maySomewhere(rights([{ where: [], actions: ['read'] }]), 'read')).toBe(false);
    expect(mayEverywhere(rights(), 'read')).toBe(false);
  });
});

test('every script and style that a page names carries the hash of its content', () => {
  const html = [
    '<link rel="icon" href="./assets/icon.svg" />',
    '<script type="module" crossorigin src="./assets/main.js"></script>',
    '<link rel="modulepreload" crossorigin href="./assets/part.js">',
    '<link rel="stylesheet" crossorigin href="./assets/main.css">',
  ].join('\n');
  const hashed = withIntegrity(html, (file) => `content of ${file}`);
  const hashOf = (file: string): string =>
    `integrity="sha384-${createHash('sha384').update(`content of ${file}`).digest('base64')}"`;
  for (const file of ['assets/main.js', 'assets/part.js', 'assets/main.css']) {
    expect(hashed).toContain(`./${file}" ${hashOf(file)}`);
  }
  expect(hashed.match(/integrity=/g)).toHaveLength(3);
});

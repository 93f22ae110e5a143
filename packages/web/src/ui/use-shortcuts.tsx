// Makes shortcuts work on a page, and shows them all on `?`. Their list is loaded when somebody asks for it.
import { createContext, lazy, Suspense, use, useEffect, useEffectEvent, useState } from 'react';
import type { ReactNode } from 'react';
import type { Shortcut, Shortcuts } from './shortcuts.ts';

const ShortcutHelp = lazy(async () => ({ default: (await import('./shortcut-help.tsx')).ShortcutHelp }));
const ShortcutsContext = createContext<{ shortcuts: Shortcuts; openHelp: () => void } | null>(null);

export function ShortcutsProvider({
  shortcuts,
  children,
}: {
  shortcuts: Shortcuts;
  children: ReactNode;
}): ReactNode {
  const [isOpen, setOpen] = useState(false);
  const openHelp = (): void => setOpen(true);
  useEffect(() => {
    const press = (event: KeyboardEvent): void => shortcuts.press(event, Date.now());
    window.addEventListener('keydown', press);
    const remove = shortcuts.add({ keys: '?', label: 'Show this help', run: () => setOpen(true) });
    return () => {
      window.removeEventListener('keydown', press);
      remove();
    };
  }, [shortcuts]);
  return (
    <ShortcutsContext value={{ shortcuts, openHelp }}>
      {children}
      {isOpen && (
        <Suspense>
          <ShortcutHelp onClose={() => setOpen(false)} shortcuts={shortcuts} />
        </Suspense>
      )}
    </ShortcutsContext>
  );
}

/** Has the keys do this for as long as the component is there. */
export function useShortcut({ keys, label, run }: Shortcut): void {
  const { shortcuts } = useShortcuts();
  const runLatest = useEffectEvent(run);
  useEffect(() => shortcuts.add({ keys, label, run: () => runLatest() }), [shortcuts, keys, label]);
}

/** Opens the help. */
export function useShortcutHelp(): () => void {
  return useShortcuts().openHelp;
}

function useShortcuts(): { shortcuts: Shortcuts; openHelp: () => void } {
  const context = use(ShortcutsContext);
  if (context === null) throw new Error('there is no ShortcutsProvider above');
  return context;
}

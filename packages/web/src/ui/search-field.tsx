// The search field of a page. `/` leads to it from anywhere; what is typed is told after a short rest, so that the server is not asked for
// every letter.
import { TextInput } from '@mantine/core';
import { useEffect, useEffectEvent, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { Icon } from './icons.tsx';
import { useShortcut } from './use-shortcuts.tsx';

const REST_MS = 200;

type Props = {
  /** What is searched for, e.g. `Search secrets`. */
  label: string;
  value: string;
  onSearch: (text: string) => void;
};

export function SearchField({ label, value, onSearch }: Props): ReactNode {
  const field = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(value);
  /** What was told and has not come back as `value` yet, after the newest that has. */
  const told = useRef([value]);
  const tell = useEffectEvent(onSearch);
  useShortcut({ keys: '/', label, run: () => field.current?.focus() });
  useEffect(() => {
    const at = told.current.indexOf(value);
    // On a slow page it comes back late, when more has been typed: that is no reason to take the letters away again. Anything else is a
    // change of the address without this field, e.g. by going back.
    if (at === -1) setText(value);
    told.current = at === -1 ? [value] : told.current.slice(at);
  }, [value]);
  useEffect(() => {
    if (text === told.current.at(-1)) return undefined;
    const timer = setTimeout(() => {
      told.current.push(text);
      tell(text);
    }, REST_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <TextInput
      ref={field}
      type="search"
      aria-label={label}
      placeholder={`${label}  ( / )`}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      leftSection={<Icon name="search" size={16} />}
      autoComplete="off"
      spellCheck={false}
    />
  );
}

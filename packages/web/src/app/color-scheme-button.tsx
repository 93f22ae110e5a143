// Light, dark, or as the system says: one button that goes round.
import { useMantineColorScheme } from '@mantine/core';
import type { ReactNode } from 'react';
import { IconButton } from '../ui/icon-button.tsx';

const CHOICES = [
  { scheme: 'auto', label: 'as the system', icon: 'system' },
  { scheme: 'light', label: 'light', icon: 'sun' },
  { scheme: 'dark', label: 'dark', icon: 'moon' },
] as const;

export function ColorSchemeButton(): ReactNode {
  // Switching transitions off for the moment would take a style element, which the page may not have.
  const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: true });
  const index = Math.max(
    CHOICES.findIndex(({ scheme }) => scheme === colorScheme),
    0,
  );
  const current = CHOICES[index] ?? CHOICES[0];
  const next = CHOICES[(index + 1) % CHOICES.length] ?? CHOICES[0];
  const label = `Appearance: ${current.label}. Change to ${next.label}`;
  return <IconButton icon={current.icon} label={label} isLarge onClick={() => setColorScheme(next.scheme)} />;
}

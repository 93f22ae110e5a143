// The frame of the pages before somebody is signed in: one card in the middle, nothing else.
import { Text, Title } from '@mantine/core';
import { useEffect } from 'react';
import type { ReactNode } from 'react';
import { ColorSchemeButton } from '../app/color-scheme-button.tsx';
import { Logo } from '../app/logo.tsx';
import classes from './entrance.module.css';

type Props = { title: string; description?: ReactNode; children: ReactNode };

export function Entrance({ title, description, children }: Props): ReactNode {
  useEffect(() => {
    document.title = `${title} · Sallyport`;
  }, [title]);
  return (
    <div className={classes.entrance}>
      <header className={classes.bar}>
        <Logo />
        <ColorSchemeButton />
      </header>
      <main className={classes.card}>
        <Title order={1} size="h3">
          {title}
        </Title>
        {description !== undefined && (
          <Text c="dimmed" size="sm" component="div">
            {description}
          </Text>
        )}
        {children}
      </main>
    </div>
  );
}

// Copies a text that may be seen, such as an id, a command or a policy statement. Values of secrets have a control of their own.
import { Button } from '@mantine/core';
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import { Icon } from './icons.tsx';
import { notify } from './notify.tsx';

const SHOWN_MS = 2000;

export function CopyButton({ text, label = 'Copy' }: { text: string; label?: string }): ReactNode {
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return undefined;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [isCopied]);
  const copy = (): void => {
    navigator.clipboard.writeText(text).then(
      () => setCopied(true),
      () => notify.failure('The browser did not let this page copy. Select the text and copy it by hand.'),
    );
  };
  return (
    <Button
      variant="default"
      size="compact-sm"
      leftSection={<Icon name={isCopied ? 'check' : 'copy'} size={14} />}
      onClick={copy}
      aria-live="polite"
    >
      {isCopied ? 'Copied' : label}
    </Button>
  );
}

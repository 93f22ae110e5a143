// Where a file is chosen: by click, by keyboard, or by dropping it.
import { Input, Text } from '@mantine/core';
import { useId, useState } from 'react';
import type { DragEvent, ReactNode } from 'react';
import { Icon } from '../ui/icons.tsx';
import { sayBytes } from '../ui/say-time.ts';
import classes from './file-field.module.css';

type Props = {
  file: File | null;
  onChange: (file: File | null) => void;
  /** What is wrong with it; null: nothing. */
  error: string | null;
};

/** What is wrong with a choice, before it is sent; null: nothing. */
export function judgeFile(file: File | null): string | null {
  if (file === null) return 'Choose a file.';
  return file.size === 0 ? 'The file is empty. A secret has at least one byte.' : null;
}

export function FileField({ file, onChange, error }: Props): ReactNode {
  const id = useId();
  const [isOver, setOver] = useState(false);
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    const [dropped] = event.dataTransfer.files;
    if (dropped !== undefined) onChange(dropped);
  };
  return (
    <Input.Wrapper label="File" required error={error} labelProps={{ htmlFor: id }}>
      <div
        className={classes.zone}
        data-over={isOver || undefined}
        data-invalid={error === null ? undefined : true}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <Icon name="upload" size={20} />
        <div className={classes.words}>
          <Text size="sm" fw={500}>
            {file === null ? 'Choose a file, or drop it here' : file.name}
          </Text>
          <Text size="xs" c="dimmed">
            {file === null ? 'It is sealed in this browser, piece by piece.' : sayBytes(file.size)}
          </Text>
        </div>
        <input
          id={id}
          type="file"
          className={classes.input}
          aria-invalid={error !== null}
          onChange={(event) => onChange(event.currentTarget.files?.[0] ?? null)}
        />
      </div>
    </Input.Wrapper>
  );
}

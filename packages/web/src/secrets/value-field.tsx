// Where a value is typed or pasted. What is in it stays in the field itself: it is in no state of this page, in no attribute, and goes with
// the field. Only its size is told.
import { Button, Group, Input } from '@mantine/core';
import { useEffect, useId, useState } from 'react';
import type { ReactNode, RefObject } from 'react';
import { TEXT_MAX_BYTES } from '@sallyport/core';
import { judgeValue as judgeForMasking, VALUE_PROBLEMS } from '@sallyport/masking/judge-value';
import { Icon } from '../ui/icons.tsx';
import { sayBytes } from '../ui/say-time.ts';
import classes from './value-field.module.css';

type Props = {
  /** By which the form reads what was typed. */
  field: RefObject<HTMLTextAreaElement | null>;
  /** What is wrong with it; null: nothing. */
  error: string | null;
  onInput?: () => void;
  autoFocus?: boolean;
};

/** What is wrong with a value, before it is sent; null: nothing. */
export function judgeValue(text: string): string | null {
  const bytes = bytesIn(text);
  if (bytes === 0) return 'Type or paste the value. A secret has at least one byte.';
  return bytes > TEXT_MAX_BYTES
    ? `It has ${sayBytes(bytes)}; a text has at most ${sayBytes(TEXT_MAX_BYTES)}. Store it as a file instead.`
    : null;
}

export function ValueField({ field, error, onInput, autoFocus = false }: Props): ReactNode {
  const [isShown, setShown] = useState(false);
  const [bytes, setBytes] = useState(0);
  const [maskingNote, setMaskingNote] = useState<string | null>(null);
  const id = useId();
  useEffect(() => {
    const element = field.current;
    return () => {
      if (element !== null) element.value = '';
    };
  }, [field]);
  return (
    <Input.Wrapper label="Value" required id={id} error={error} labelProps={{ htmlFor: id }}>
      <textarea
        id={id}
        ref={field}
        name="secret-value"
        rows={3}
        className={isShown ? classes.field : `${classes.field} ${classes.hidden}`}
        data-invalid={error === null ? undefined : true}
        aria-invalid={error !== null}
        aria-required
        // Spell checkers of some browsers send what they check to their makers; password managers would offer to keep it.
        spellCheck={false}
        autoComplete="off"
        autoCapitalize="off"
        autoCorrect="off"
        data-1p-ignore
        data-lpignore="true"
        autoFocus={autoFocus}
        onInput={(event) => {
          setBytes(bytesIn(event.currentTarget.value));
          setMaskingNote(null);
          onInput?.();
        }}
        // Not while it is typed: every value begins by being too short.
        onBlur={(event) => setMaskingNote(noteOnMasking(event.currentTarget.value))}
      />
      <Group justify="space-between" mt={4}>
        <span className={classes.size} role="status">
          {sayBytes(bytes)}
          {maskingNote === null ? '' : `. ${maskingNote}`}
        </span>
        <Button
          variant="subtle"
          size="compact-sm"
          aria-pressed={isShown}
          leftSection={<Icon name={isShown ? 'eyeOff' : 'eye'} size={14} />}
          onClick={() => setShown(!isShown)}
        >
          {isShown ? 'Hide value' : 'Show value'}
        </Button>
      </Group>
    </Input.Wrapper>
  );
}

/** Said of a value that cannot be taken out of the output of programs; null: it can, or there is none yet. */
function noteOnMasking(text: string): string | null {
  const problem = text === '' ? null : judgeForMasking(new TextEncoder().encode(text));
  return problem === null ? null : `The value ${VALUE_PROBLEMS[problem]}.`;
}

function bytesIn(text: string): number {
  return new TextEncoder().encode(text).length;
}

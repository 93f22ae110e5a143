// Where the script of a start-up profile is written, with what can be said of it at once: warnings, and for each secret that it names
// whether the profile could be saved with it.
import { Alert, Input, Stack, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useId, useMemo } from 'react';
import type { ReactNode } from 'react';
import { Icon } from '../ui/icons.tsx';
import { NamedSecrets } from './named-secrets.tsx';
import classes from './profiles.module.css';
import { readScript } from './read-script.ts';

/** The server is asked about secrets after a short rest. */
const REST_MS = 400;
const ROWS = { min: 8, max: 28 };

type Props = { value: string; onChange: (script: string) => void; error: string | undefined };

export function ScriptField({ value, onChange, error }: Props): ReactNode {
  const reading = useMemo(() => readScript(value), [value]);
  const complaint = error ?? reading.complaint;
  const [references] = useDebouncedValue(reading.references.join('\n'), REST_MS);
  const id = useId();
  return (
    <Stack gap="sm">
      <Input.Wrapper
        id={id}
        label="Script"
        description={
          'For bash. ${secrets.getValue("name")} becomes the value at the delegate; it has its value inside double quotes. The server keeps the script as it stands here.'
        }
        required
        error={complaint}
        labelProps={{ htmlFor: id }}
      >
        <textarea
          id={id}
          rows={Math.min(ROWS.max, Math.max(ROWS.min, value.split('\n').length + 1))}
          className={classes.script}
          placeholder={'curl --header "authorization: Bearer ${secrets.getValue("mirror-token")}" …'}
          data-invalid={complaint === null ? undefined : true}
          aria-invalid={complaint !== null}
          aria-describedby={`${id}-description ${id}-error`}
          aria-required
          spellCheck={false}
          autoComplete="off"
          autoCapitalize="off"
          autoCorrect="off"
          value={value}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      </Input.Wrapper>
      {reading.warnings.length > 0 && (
        <Alert
          color="yellow"
          variant="light"
          p="sm"
          icon={<Icon name="alert" />}
          role="status"
          aria-label="Warnings"
        >
          <ul className={classes.warnings}>
            {reading.warnings.map((warning) => (
              <li key={warning}>{warning}</li>
            ))}
          </ul>
        </Alert>
      )}
      {references === '' ? (
        <Text size="xs" c="dimmed">
          It names no secret.
        </Text>
      ) : (
        <NamedSecrets references={references.split('\n')} keepsPage />
      )}
    </Stack>
  );
}

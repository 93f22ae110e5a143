// Shows one question: what would be done, what that has for effects, and two buttons. When the effects turn out to be others than those
// shown, it shows the new ones and asks again.
import { Button, Group, List, Stack, Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import { CALLED_OFF, effectsIn } from './confirmations.ts';
import type { Asked, Effects } from './confirmations.ts';
import { Dialog } from './dialog.tsx';
import { effectLines } from './effect-lines.ts';
import { ErrorPanel } from './error-panel.tsx';
import { LoadingState } from './states.tsx';

export function ConfirmDialog({ asked }: { asked: Asked }): ReactNode {
  const { question, settle } = asked;
  const { preview } = question;
  const [effects, setEffects] = useState<Effects | null>(asked.effects);
  const [isLooking, setLooking] = useState(preview !== undefined && asked.effects === null);
  const [isRunning, setRunning] = useState(false);
  const [error, setError] = useState<unknown>(null);

  useEffect(() => {
    if (preview === undefined || asked.effects !== null) return undefined;
    let isGone = false;
    preview()
      .then((seen) => !isGone && setEffects(seen))
      .catch((fault: unknown) => !isGone && setError(fault))
      .finally(() => !isGone && setLooking(false));
    return () => {
      isGone = true;
    };
  }, [asked, preview]);

  const run = async (): Promise<void> => {
    setRunning(true);
    setError(null);
    try {
      settle(await question.run(effects?.confirmationToken ?? null));
    } catch (fault) {
      setRunning(false);
      const others = effectsIn(fault);
      if (others === null) setError(fault);
      else setEffects(others);
    }
  };
  const callOff = (): void => {
    if (!isRunning) settle(CALLED_OFF);
  };
  return (
    <Dialog opened onClose={callOff} title={question.title} size="lg">
      <Stack gap="md">
        {question.body !== undefined && (
          <Text size="sm" component="div">
            {question.body}
          </Text>
        )}
        {isLooking ? (
          <LoadingState rows={2} label="Looking at what this would do" />
        ) : (
          <EffectList effects={effects} />
        )}
        {error !== null && <ErrorPanel error={error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={callOff} disabled={isRunning} data-autofocus>
            Cancel
          </Button>
          <Button
            color={question.danger === true ? 'red' : undefined}
            onClick={() => void run()}
            loading={isRunning}
            disabled={isLooking}
          >
            {question.confirmLabel}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}

function EffectList({ effects }: { effects: Effects | null }): ReactNode {
  if (effects === null) return null;
  const { summary, lines } = effectLines(effects.data);
  return (
    <Stack gap="xs" data-effects>
      {summary !== null && <Text size="sm">{summary}</Text>}
      {lines.length === 0 ? (
        <Text size="sm" c="dimmed">
          Nothing else changes.
        </Text>
      ) : (
        <List size="sm" spacing={4}>
          {lines.map(({ text, examples }) => (
            <List.Item key={text}>
              {text}
              {examples.length > 0 && (
                <Text size="xs" c="dimmed">
                  {examples.join(' · ')}
                </Text>
              )}
            </List.Item>
          ))}
        </List>
      )}
    </Stack>
  );
}

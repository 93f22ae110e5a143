// Settings that most people leave as they are: pairs for every encryption context, and how long delegates keep data keys.
import { Button, Stack, TagsInput, Text, TextInput } from '@mantine/core';
import { useId, useState } from 'react';
import type { ReactNode } from 'react';
import { DATA_KEY_CACHE_LIMITS } from '@sallyport/core';
import { Icon } from '../ui/icons.tsx';
import type { DraftField } from './judge-draft.ts';
import classes from './manager-form.module.css';
import type { ManagerForm } from './use-manager-form.ts';

const FIELDS: readonly DraftField[] = ['context', 'cacheMaxAge', 'cacheMaxUses'];
const { maxAgeSeconds, maxUses } = DATA_KEY_CACHE_LIMITS;

export function MoreFields({ form }: { form: ManagerForm }): ReactNode {
  const { draft, change, leave, errorOf } = form;
  const [wantsOpen, setOpen] = useState(draft.context.length > 0);
  const id = useId();
  // What has to be mended is in sight.
  const isOpen = wantsOpen || FIELDS.some((field) => errorOf(field) !== null);
  return (
    <div>
      <Button
        variant="subtle"
        size="compact-sm"
        leftSection={<Icon name={isOpen ? 'chevronDown' : 'chevronRight'} size={14} />}
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => setOpen(!isOpen)}
      >
        Context and data-key cache
      </Button>
      <div id={id} className={isOpen ? classes.more : undefined}>
        {isOpen && (
          <Stack gap="md">
            <TagsInput
              label="Encryption Context"
              description="Pairs that KMS binds to every data key, for key policies and CloudTrail, where they can be read: no values, no customer names. Type name=value, then Enter."
              placeholder={draft.context.length === 0 ? 'stage=production' : ''}
              splitChars={[]}
              acceptValueOnBlur
              value={draft.context}
              onChange={(context) => change({ context: context.map((pair) => pair.trim()) })}
              onBlur={() => leave('context')}
              error={errorOf('context')}
            />
            <div className={classes.pair}>
              <TextInput
                label="Data Keys Kept"
                description={`Seconds, 0 (off) to ${maxAgeSeconds.toLocaleString('en')}.`}
                inputMode="numeric"
                autoComplete="off"
                maxLength={5}
                value={draft.cacheMaxAge}
                onChange={(event) => change({ cacheMaxAge: event.currentTarget.value })}
                onBlur={() => leave('cacheMaxAge')}
                error={errorOf('cacheMaxAge')}
              />
              <TextInput
                label="Uses of a Data Key"
                description={`At most, 1 to ${maxUses.toLocaleString('en')}.`}
                inputMode="numeric"
                autoComplete="off"
                maxLength={10}
                value={draft.cacheMaxUses}
                onChange={(event) => change({ cacheMaxUses: event.currentTarget.value })}
                onBlur={() => leave('cacheMaxUses')}
                error={errorOf('cacheMaxUses')}
              />
            </div>
            <Text size="xs" c="dimmed">
              Delegates keep data keys in memory only. The longer they do, the fewer calls to the key, and the
              longer a delegate can go on after the key was disabled. Off, every value takes a call.
            </Text>
          </Stack>
        )}
      </div>
    </div>
  );
}

// Changes the selectors that were added to a delegate; those from its start stand beside them and stay.
import { Badge, Group, TagsInput, Text } from '@mantine/core';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { DelegateView } from '@sallyport/protocol';
import { isAppError } from '@sallyport/sdk/browser';
import { useAction } from '../client/operations.ts';
import { CALLED_OFF } from '../ui/confirmations.ts';
import { FormDialog } from '../ui/form-dialog.tsx';
import { notify } from '../ui/notify.tsx';
import { useConfirmations } from '../ui/use-confirmations.tsx';
import classes from './delegates-page.module.css';
import { selectorsOf } from './selectors-of.ts';

type Props = { delegate: DelegateView; onClose: () => void };

export function EditSelectorsDialog({ delegate, onClose }: Props): ReactNode {
  const { id, name } = delegate;
  // What somebody else changes meanwhile must not slip under what is typed here.
  const [addedBefore] = useState(delegate.addedSelectors);
  const [added, setAdded] = useState(addedBefore);
  const confirmations = useConfirmations();
  const save = useAction(
    async (client) => {
      const body = { addedSelectors: added, expectedAddedSelectors: addedBefore };
      const outcome = await confirmations.runConfirmed<DelegateView>({
        title: 'Leave secrets managers without a delegate?',
        confirmLabel: 'Change selectors',
        danger: true,
        body: 'Until another delegate has the selectors that they ask for, nothing can be written or read with them.',
        run: async (confirmationToken) =>
          client.call('editDelegate', {
            params: { delegate: id },
            body: confirmationToken === null ? body : { ...body, confirmationToken },
          }),
      });
      if (outcome === CALLED_OFF) return;
      notify.done(`The selectors of “${name}” are changed.`);
      onClose();
    },
    { forgets: ['listDelegates', 'explainDelegates'] },
  );
  const isField = isAppError(save.error, 'invalid-selector');
  return (
    <FormDialog
      title={`Selectors of ${name}`}
      submitLabel="Save"
      onSubmit={() => save.mutate()}
      onClose={onClose}
      isPending={save.isPending}
      error={isField ? null : save.error}
    >
      <div>
        <Text size="sm" fw={500}>
          From its start
        </Text>
        <Text size="xs" c="dimmed" mb={6}>
          Its name, its host name, and what it was started with. They change where it runs.
        </Text>
        <Group gap={6}>
          {selectorsOf(delegate).own.map((selector) => (
            <Badge key={selector} variant="default" className={classes.badge}>
              {selector}
            </Badge>
          ))}
        </Group>
      </div>
      <TagsInput
        label="Added here"
        description="They act at once and stay when it restarts. Press Enter after each."
        placeholder={added.length === 0 ? 'prod-vpc' : ''}
        value={added}
        onChange={(selectors) => setAdded(selectors.map((one) => one.trim().toLowerCase()))}
        acceptValueOnBlur
        data-autofocus
        error={isAppError(save.error, 'invalid-selector') ? save.error.publicMessage : null}
      />
    </FormDialog>
  );
}

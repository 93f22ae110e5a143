// The secrets that a script names, each with whether a profile could be saved with it, and what is in the way.
import { Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { ProfileSecretCheck } from '@sallyport/protocol';
import { useOperation } from '../client/operations.ts';
import { Icon } from '../ui/icons.tsx';
import { Loaded } from '../ui/states.tsx';
import { TextLink } from '../ui/text-link.tsx';
import classes from './profiles.module.css';

type Props = {
  references: readonly string[];
  /** Links open in another tab, so that nothing typed here is lost. */
  keepsPage?: boolean;
};

export function NamedSecrets({ references, keepsPage = false }: Props): ReactNode {
  const query = useOperation(
    'checkProfileSecrets',
    { body: { references: [...references] } },
    { keepsPrevious: true },
  );
  return (
    <div>
      <Text size="sm" fw={500} mb={4}>
        Secrets that it names
      </Text>
      <Loaded query={query} rows={1}>
        {({ secrets }) => (
          <ul className={classes.named} aria-label="Secrets that it names" aria-live="polite">
            {secrets.map((check) => (
              <Named key={check.reference} check={check} target={keepsPage ? '_blank' : undefined} />
            ))}
          </ul>
        )}
      </Loaded>
    </div>
  );
}

function Named(props: { check: ProfileSecretCheck; target: '_blank' | undefined }): ReactNode {
  const { check, target } = props;
  const { reference, secret, problem } = check;
  const isThere = problem === null;
  return (
    <li data-reference={reference} data-usable={isThere}>
      <span className={isThere ? classes.there : classes.missing}>
        <Icon name={isThere ? 'check' : 'alert'} size={16} />
      </span>
      <span>
        {secret !== null && (
          <TextLink to="/secrets/$secret" params={{ secret: secret.id }} target={target} isInText>
            {reference}
          </TextLink>
        )}
        {/* What is in the way is said with the name. */}
        {isThere ? ' is there, and may be used everywhere.' : problem.message}
        {problem?.code === 'not-found' && (
          <>
            {' '}
            <TextLink to="/secrets/text" target={target} isInText>
              Look for it, or add it
            </TextLink>
          </>
        )}
      </span>
    </li>
  );
}

// Rights in words: account permissions, and what is allowed where.
import { Badge, Group, List, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { GroupView } from '@sallyport/protocol';
import { sayRegion } from '../scope-editor/say-region.ts';
import { PERMISSION_WORDS, PERMISSIONS, sayActions } from './permission-words.ts';

type Rights = Pick<GroupView, 'account' | 'grants'>;

/** In full, for a page of its own. */
export function RightsInFull({ account, grants }: Rights): ReactNode {
  return (
    <Stack gap="md">
      <div>
        <Text size="sm" fw={600} mb={4}>
          Account permissions
        </Text>
        {account.length === 0 ? (
          <Text size="sm" c="dimmed">
            None.
          </Text>
        ) : (
          <List size="sm" spacing={4}>
            {account.map((permission) => (
              <List.Item key={permission}>
                {PERMISSION_WORDS[permission].label}
                <Text size="xs" c="dimmed">
                  {PERMISSION_WORDS[permission].meaning}
                </Text>
              </List.Item>
            ))}
          </List>
        )}
      </div>
      <div>
        <Text size="sm" fw={600} mb={4}>
          Grants
        </Text>
        {grants.length === 0 ? (
          <Text size="sm" c="dimmed">
            None: nothing at any application.
          </Text>
        ) : (
          <List size="sm" spacing={4}>
            {grants.map(({ where, actions }, index) => (
              // oxlint-disable-next-line react/no-array-index-key -- grants have no name, and are only shown here
              <List.Item key={index}>
                {sayActions(actions)}
                <Text size="xs" c="dimmed">
                  {sayRegion(where)}
                </Text>
              </List.Item>
            ))}
          </List>
        )}
      </div>
    </Stack>
  );
}

/** Short, for a row of a table. */
export function RightsInShort({ account, grants }: Rights): ReactNode {
  if (account.length === 0 && grants.length === 0) return 'nothing';
  const hasAll = PERMISSIONS.every((permission) => account.includes(permission));
  return (
    <Stack gap={4}>
      {account.length > 0 && (
        <Group gap={4}>
          {hasAll ? (
            <RightBadge>All account permissions</RightBadge>
          ) : (
            account.map((permission) => (
              <RightBadge key={permission}>{PERMISSION_WORDS[permission].label}</RightBadge>
            ))
          )}
        </Group>
      )}
      {grants.map(({ where, actions }, index) => (
        // oxlint-disable-next-line react/no-array-index-key -- grants have no name, and are only shown here
        <Text key={index} size="xs" c="dimmed">
          {sayActions(actions)}: {sayRegion(where)}
        </Text>
      ))}
    </Stack>
  );
}

function RightBadge({ children }: { children: ReactNode }): ReactNode {
  return (
    <Badge variant="light" color="gray" tt="none" fw={500}>
      {children}
    </Badge>
  );
}

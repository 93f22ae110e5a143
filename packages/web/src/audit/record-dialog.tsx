// One record in full, with its hash; and filters for more of the same.
import { Button, Code, Group, Stack, Text } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { AuditRecord } from '@sallyport/protocol';
import { CopyButton } from '../ui/copy-button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Fact, Facts } from '../ui/facts.tsx';
import { sayActorKind } from '../ui/say-actor.ts';
import { withFields } from './audit-filter.ts';
import type { AuditFilter } from './audit-filter.ts';
import { sayAction } from './audit-words.ts';
import { sayExactTime } from './say-exact-time.ts';

type Props = { record: AuditRecord; filter: AuditFilter; onClose: () => void };

export function RecordDialog({ record, filter, onClose }: Props): ReactNode {
  const navigate = useNavigate();
  const narrow = (fields: AuditFilter): void => {
    void navigate({ to: '/audit', search: withFields(filter, { ...fields, record: undefined }) });
  };
  const { sequence, actor, resource, action, details } = record;
  return (
    <Dialog opened onClose={onClose} title={`Record ${sequence}: ${sayAction(action)}`} size="xl">
      <Stack gap="md">
        <RecordFacts record={record} />
        {Object.keys(details).length > 0 && (
          <div>
            <Text size="sm" fw={600} mb={4}>
              Details
            </Text>
            <Code block tabIndex={0} aria-label="Details">
              {JSON.stringify(details, null, 2)}
            </Code>
          </div>
        )}
        <Group gap="xs">
          <Button variant="default" size="compact-sm" onClick={() => narrow({ principal: actor })}>
            Only this actor
          </Button>
          <Button variant="default" size="compact-sm" onClick={() => narrow({ resource })}>
            Only this resource
          </Button>
          <Button variant="default" size="compact-sm" onClick={() => narrow({ actions: action })}>
            Only this action
          </Button>
          <CopyButton text={JSON.stringify(record, null, 2)} label="Copy as JSON" />
          <CopyButton text={linkTo(sequence)} label="Copy link" />
        </Group>
      </Stack>
    </Dialog>
  );
}

/** The address of this page with the record opened. */
function linkTo(sequence: number): string {
  return new URL(`#/audit?record=${sequence}`, document.baseURI).href;
}

function RecordFacts({ record }: { record: AuditRecord }): ReactNode {
  const { atMs, actor, actorKind, actorName, action, resource, resourceName } = record;
  const { applicationId, environmentId, purpose, requestId, contentHash, hash, chainVersion } = record;
  return (
    <Facts>
      <Fact label="Time">
        {sayExactTime(atMs)} ({new Date(atMs).toISOString()})
      </Fact>
      <Fact label="Who">
        {actorName} ({sayActorKind(actorKind)}, <Code>{actor}</Code>)
      </Fact>
      <Fact label="Action">
        <Code>{action}</Code>
      </Fact>
      <Fact label="To what">
        {resourceName} <Code>{resource}</Code>
      </Fact>
      {applicationId !== null && (
        <Fact label="Application">
          <Code>{applicationId}</Code>
        </Fact>
      )}
      {environmentId !== null && (
        <Fact label="Environment">
          <Code>{environmentId}</Code>
        </Fact>
      )}
      {purpose !== null && <Fact label="Purpose">{purpose}</Fact>}
      {requestId !== null && (
        <Fact label="Request">
          <Code>{requestId}</Code>
        </Fact>
      )}
      {contentHash !== null && (
        <Fact label="Hash of its content">
          <Code>{contentHash}</Code>
        </Fact>
      )}
      <Fact label={`Hash in the chain, version ${chainVersion}`}>
        <Code>{hash}</Code>
      </Fact>
    </Facts>
  );
}

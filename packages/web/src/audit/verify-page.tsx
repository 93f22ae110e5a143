// Verifies the audit trail here and now, and says what that proves and what it does not.
import { Alert, Button, Code, Group, List, Progress, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { AuditVerdict } from '@sallyport/sdk/browser-audit';
import { CopyButton } from '../ui/copy-button.tsx';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { Icon } from '../ui/icons.tsx';
import { Page, Panel } from '../ui/page.tsx';
import { TextLink } from '../ui/text-link.tsx';
import { ExportButton } from './export-button.tsx';
import { sayExactTime } from './say-exact-time.ts';
import { sayFindings } from './say-findings.ts';
import type { Finding } from './say-findings.ts';
import { useVerification } from './use-verification.ts';

const COMMAND = 'sallyport audit verify trail.jsonl --checkpoint kept.json';

export function VerifyPage(): ReactNode {
  const { verification, start, cancel } = useVerification();
  const isRunning = verification.state === 'running';
  return (
    <Page
      title="Verify the audit trail"
      description={
        <>
          Reads the whole trail and computes every hash and every signature anew, in this browser. Back to the{' '}
          <TextLink isInText to="/audit">
            audit trail
          </TextLink>
        </>
      }
      actions={
        isRunning ? (
          <Button variant="default" onClick={cancel}>
            Stop
          </Button>
        ) : (
          <Button leftSection={<Icon name="check" size={16} />} onClick={start}>
            {verification.state === 'done' ? 'Verify again' : 'Verify now'}
          </Button>
        )
      }
    >
      {isRunning && <Running records={verification.records} of={verification.of} />}
      {verification.state === 'failed' && <ErrorPanel error={verification.error} onRetry={start} />}
      {verification.state === 'done' && <Verdict verdict={verification.verdict} />}
      <Limits />
    </Page>
  );
}

function Running({ records, of }: { records: number; of: number }): ReactNode {
  const percent = of === 0 ? 0 : (records / of) * 100;
  return (
    <Panel title="Verifying …">
      <Progress value={percent} aria-label="Verified records" transitionDuration={0} />
      <Text size="sm" c="dimmed" mt="xs" role="status">
        {of === 0
          ? 'Reading the checkpoints'
          : `${records.toLocaleString('en')} of ${of.toLocaleString('en')} records`}
      </Text>
    </Panel>
  );
}

function Verdict({ verdict }: { verdict: AuditVerdict }): ReactNode {
  const { problem } = verdict;
  if (problem !== null) {
    return (
      <Alert
        color="red"
        icon={<Icon name="alert" />}
        title={`The trail is broken at record ${problem.sequence.toLocaleString('en')}`}
        role="alert"
        data-verdict="broken"
      >
        <Stack gap="sm">
          <Text size="sm">{problem.what}</Text>
          {problem.atMs !== null && (
            <Text size="sm">It says that it was written {sayExactTime(problem.atMs)}.</Text>
          )}
          <Text size="sm">
            Keep the database as it is, export the trail, and compare it with an earlier export or with what
            delegates wrote down of their checkpoints. Nothing after this record was looked at.
          </Text>
          <div>
            <ExportButton />
          </div>
        </Stack>
      </Alert>
    );
  }
  return (
    <Panel title="The trail holds">
      <Stack gap="sm" data-verdict="holds">
        {sayFindings(verdict, sayExactTime).map((finding) => (
          <FindingLine key={finding.about} finding={finding} />
        ))}
      </Stack>
    </Panel>
  );
}

function FindingLine({ finding: { holds, text, about } }: { finding: Finding }): ReactNode {
  return (
    <Group gap="sm" wrap="nowrap" align="flex-start" data-finding={about}>
      <Text span c={holds ? 'teal' : 'yellow'} lh={1} mt={2}>
        <Icon name={holds ? 'check' : 'alert'} size={18} />
      </Text>
      {/* Fingerprints are longer than a narrow window. */}
      <Text size="sm" miw={0} style={{ overflowWrap: 'anywhere' }}>
        {text}
      </Text>
    </Group>
  );
}

function Limits(): ReactNode {
  return (
    <Panel title="What this can prove">
      <Stack gap="sm">
        <List size="sm" spacing="xs">
          <List.Item>
            The <b>chain</b> shows that no record was changed, removed or put in between, unless somebody with
            the database made every hash after it anew.
          </List.Item>
          <List.Item>
            A <b>checkpoint</b> that a delegate has signed rules that out for all records up to it: the server
            does not have the delegate’s key. It counts when this browser knows the delegate, from the first
            value that it sealed for it.
          </List.Item>
          <List.Item>
            What <b>this browser saw before</b> has to be there still, so an older copy of the database shows.
          </List.Item>
        </List>
        <Text size="sm">
          This page comes from the server in question, and a server that lies can send a page that lies. To
          rely on nothing of it, export the trail and verify the file on a machine of your own, with a
          checkpoint that was kept elsewhere:
        </Text>
        <Group gap="xs">
          <Code>{COMMAND}</Code>
          <CopyButton text={COMMAND} label="Copy command" />
        </Group>
      </Stack>
    </Panel>
  );
}

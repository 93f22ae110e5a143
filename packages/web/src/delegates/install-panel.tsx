// The commands that start a delegate, with what was typed and the token in them.
import { Code, Group, Stack, Tabs, TagsInput, Text, TextInput, Title } from '@mantine/core';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { useClient } from '../client/client-context.tsx';
import { CopyButton } from '../ui/copy-button.tsx';
import classes from './add-delegate-page.module.css';
import { INSTALL_PLACES, installSteps } from './install-text.ts';
import type { InstallChoice, InstallPlace } from './install-text.ts';

const LABELS: Readonly<Record<InstallPlace, string>> = {
  shell: 'Shell',
  systemd: 'systemd',
  docker: 'Docker',
  kubernetes: 'Kubernetes',
  ecs: 'ECS',
};
/** Stands for a token that is still missing. */
const MISSING = 'DELEGATE-TOKEN';

/** @param props.token null: none was created yet */
export function InstallPanel({ token }: { token: string | null }): ReactNode {
  const client = useClient();
  const [server, setServer] = useState(client.address);
  const [name, setName] = useState('');
  const [selectors, setSelectors] = useState<string[]>([]);
  const choice = { server: server.trim(), name: name.trim(), selectors, token: token ?? MISSING };
  return (
    <Stack gap="md">
      <div className={classes.pair}>
        <TextInput
          label="Delegate name"
          description="Empty: the name of its host."
          autoComplete="off"
          spellCheck={false}
          maxLength={128}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <TagsInput
          label="Selectors"
          description="Beside its name and its host’s. Press Enter after each."
          acceptValueOnBlur
          value={selectors}
          onChange={(chosen) => setSelectors(chosen.map((one) => one.trim().toLowerCase()))}
        />
      </div>
      <TextInput
        label="Server"
        description="Its address as the delegate reaches it."
        autoComplete="off"
        spellCheck={false}
        value={server}
        onChange={(event) => setServer(event.currentTarget.value)}
      />
      {token === null && (
        <Text size="sm" c="dimmed">
          Create a token above, and it is filled in here.
        </Text>
      )}
      <Tabs defaultValue="shell" keepMounted={false}>
        <Tabs.List aria-label="Where it runs">
          {INSTALL_PLACES.map((place) => (
            <Tabs.Tab key={place} value={place}>
              {LABELS[place]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {INSTALL_PLACES.map((place) => (
          <Tabs.Panel key={place} value={place} pt="md">
            <Steps place={place} choice={choice} />
          </Tabs.Panel>
        ))}
      </Tabs>
    </Stack>
  );
}

function Steps({ place, choice }: { place: InstallPlace; choice: InstallChoice }): ReactNode {
  return (
    <Stack gap="md">
      {installSteps(place, choice).map(({ title, note, text }) => (
        <div key={title}>
          <Group justify="space-between" gap="xs" wrap="nowrap">
            <Title order={3} size="h6">
              {title}
            </Title>
            <span className={classes.copy}>
              <CopyButton text={text} />
            </span>
          </Group>
          {note !== null && (
            <Text size="xs" c="dimmed" className={classes.note}>
              {note}
            </Text>
          )}
          <Code block tabIndex={0} aria-label={title} className={classes.text}>
            {text}
          </Code>
        </div>
      ))}
    </Stack>
  );
}

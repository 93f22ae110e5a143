// From settings to a client, with what a person should be told on the way. The SDK is loaded here, so that commands that need no
// server start without it.
import type { Client, FileKnownDelegates } from '@sallyport/sdk';
import type { Invocation } from '../command-line/command.ts';
import { printableLine } from '../output/printable.ts';
import { readConnectionSettings } from './connection-settings.ts';

type Opening = Pick<Invocation, 'flags' | 'terminal' | 'environment' | 'folder'>;

/** Runs `work` with a client of the server that the invocation means, and closes it. */
export async function withClient<T>(
  invocation: Opening,
  work: (client: Client, known: FileKnownDelegates) => Promise<T>,
): Promise<T> {
  const { flags, environment, folder, terminal } = invocation;
  const warn = (text: string): void => {
    terminal.stderr.write(`${text}\n`);
  };
  const [settings, sdk] = await Promise.all([
    readConnectionSettings({ flags, environment, folder, warn }),
    import('@sallyport/sdk'),
  ]);
  const { address, token, caPem, strict, allowPlainHttp } = settings;
  const known = new sdk.FileKnownDelegates(settings.knownDelegates);
  const client = sdk.createClient({
    address,
    token,
    knownDelegates: known,
    strict,
    allowPlainHttp,
    ...(caPem === null ? {} : { caPem }),
    onDelegateRemembered: ({ name, fingerprint }) => {
      warn(
        `note: met delegate "${printableLine(name)}" (${fingerprint}) for the first time; it is remembered in ${known.path}.`,
      );
    },
    onDelegateRefused: (error) => warn(`warning: ${printableLine(error.publicMessage)}`),
  });
  try {
    return await work(client, known);
  } finally {
    client.close();
  }
}

// The table of all commands, in the order in which help shows them.
import type { Command } from '../command-line/command.ts';
import { ABOUT_COMMANDS } from './about.ts';
import { ACCESS_COMMANDS } from './access.ts';
import { DELEGATE_COMMANDS } from './delegates.ts';
import { LAB_COMMANDS } from './lab.ts';
import { RUN_DELEGATE_COMMANDS } from './run-delegate.ts';
import { SERVER_COMMANDS } from './run-server.ts';
import { SECRETS_MANAGER_COMMANDS } from './secrets-managers.ts';
import { SECRET_COMMANDS } from './secrets.ts';
import { START_COMMANDS } from './start.ts';

export const COMMANDS: readonly Command[] = [
  ...SECRET_COMMANDS,
  ...SECRETS_MANAGER_COMMANDS,
  ...DELEGATE_COMMANDS,
  ...RUN_DELEGATE_COMMANDS,
  ...SERVER_COMMANDS,
  ...ACCESS_COMMANDS,
  ...START_COMMANDS,
  ...LAB_COMMANDS,
  ...ABOUT_COMMANDS,
];

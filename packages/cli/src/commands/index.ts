// The table of all commands, in the order in which help shows them.
import type { Command } from '../command-line/command.ts';
import { ABOUT_COMMANDS } from './about.ts';
import { API_KEY_COMMANDS } from './api-keys.ts';
import { APPLICATION_COMMANDS } from './applications.ts';
import { AUDIT_COMMANDS } from './audit.ts';
import { DELEGATE_PROFILE_COMMANDS } from './delegate-profiles.ts';
import { DELEGATE_COMMANDS } from './delegates.ts';
import { DOCTOR_COMMANDS } from './doctor.ts';
import { EXPORT_COMMANDS } from './export.ts';
import { GROUP_COMMANDS } from './groups.ts';
import { IMPORT_COMMANDS } from './import.ts';
import { LAB_COMMANDS } from './lab.ts';
import { LOGIN_COMMANDS } from './login.ts';
import { MASK_COMMANDS } from './mask.ts';
import { RENDER_COMMANDS } from './render.ts';
import { RUN_DELEGATE_COMMANDS } from './run-delegate.ts';
import { RUN_COMMANDS } from './run.ts';
import { SCRIPT_COMMANDS } from './run-script.ts';
import { SERVER_COMMANDS } from './run-server.ts';
import { SECRETS_MANAGER_COMMANDS } from './secrets-managers.ts';
import { SECRET_USAGE_COMMANDS } from './secret-usages.ts';
import { SECRET_COMMANDS } from './secrets.ts';
import { SERVICE_COMMANDS } from './services.ts';
import { SSO_COMMANDS } from './sso.ts';
import { START_COMMANDS } from './start.ts';
import { WORKLOAD_LOGIN_COMMANDS } from './workload-login.ts';
import { WORKLOAD_COMMANDS } from './workloads.ts';
import { USER_COMMANDS } from './users.ts';

export const COMMANDS: readonly Command[] = [
  ...SECRET_COMMANDS,
  ...RUN_COMMANDS,
  ...SECRET_USAGE_COMMANDS,
  ...MASK_COMMANDS,
  ...RENDER_COMMANDS,
  ...EXPORT_COMMANDS,
  ...IMPORT_COMMANDS,
  ...SECRETS_MANAGER_COMMANDS,
  ...APPLICATION_COMMANDS,
  ...SERVICE_COMMANDS,
  ...DELEGATE_COMMANDS,
  ...RUN_DELEGATE_COMMANDS,
  ...SCRIPT_COMMANDS,
  ...DELEGATE_PROFILE_COMMANDS,
  ...SERVER_COMMANDS,
  ...LOGIN_COMMANDS,
  ...USER_COMMANDS,
  ...GROUP_COMMANDS,
  ...API_KEY_COMMANDS,
  ...WORKLOAD_COMMANDS,
  ...WORKLOAD_LOGIN_COMMANDS,
  ...SSO_COMMANDS,
  ...AUDIT_COMMANDS,
  ...DOCTOR_COMMANDS,
  ...START_COMMANDS,
  ...LAB_COMMANDS,
  ...ABOUT_COMMANDS,
];

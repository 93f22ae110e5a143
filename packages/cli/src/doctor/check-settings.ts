// Looks at what the command was told: configuration files, the address, the key, and where each was found. Needs no server.
import { isAppError } from '@sallyport/core';
import type { AppError } from '@sallyport/core';
import {
  readAddress,
  readConnectionSettings,
  readOrigins,
  readTokenOrigin,
} from '../config/connection-settings.ts';
import type { ConnectionSettings, SettingsSources } from '../config/connection-settings.ts';
import { failed, ok, skipped, warn } from './finding.ts';
import type { Finding } from './finding.ts';

export type CheckedSettings = {
  findings: Finding[];
  /** null: there is no usable address, so nothing else can be looked at. `token` null: no usable key. */
  settings: (Omit<ConnectionSettings, 'token'> & { token: string | null }) | null;
};

export async function checkSettings(sources: Omit<SettingsSources, 'warn'>): Promise<CheckedSettings> {
  const warnings = new Set<string>();
  const all: SettingsSources = {
    ...sources,
    warn: (text) => warnings.add(text.replace(/^(warning|note): /, '')),
  };
  const findings: Finding[] = [];
  let settings: CheckedSettings['settings'] = null;
  try {
    const { projectFile, userFile, address } = readOrigins(all);
    const files = [projectFile, userFile].filter((path) => path !== null);
    findings.push(ok('config', files.length === 0 ? 'no configuration files' : files.join(', ')));
    settings = { ...(await readAddress(all)), token: null };
    findings.push(ok('address', `${settings.address}, from ${address?.origin}`));
  } catch (thrown) {
    findings.push(failed(findings.length === 0 ? 'config' : 'address', asAppError(thrown)));
    return { findings, settings: null };
  }
  try {
    const { token } = await readConnectionSettings(all);
    settings = { ...settings, token };
    findings.push(ok('key', `from ${await readTokenOrigin(all)}`));
  } catch (thrown) {
    findings.push(failed('key', asAppError(thrown)));
  }
  for (const text of warnings) findings.push(warn('config', text, 'See the message.'));
  findings.push(
    settings.strict
      ? ok('trust', `strict: delegates that are not in ${settings.knownDelegates} are refused`)
      : skipped(
          'trust',
          `not strict: a delegate that is met for the first time is remembered in ${settings.knownDelegates}`,
        ),
  );
  return { findings, settings };
}

function asAppError(thrown: unknown): AppError {
  if (isAppError(thrown)) return thrown;
  throw thrown;
}

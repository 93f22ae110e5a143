// Judges the settings of a secrets manager before they are used. The server has checked them too; a server that lies must not be
// able to send ones that undo what a delegate promises.
import { checkAwsKmsSettings, checkDataKeyCache, checkFixedContext, parseKeyArn } from '@sallyport/core';
import type { SecretsManagerAccess } from '@sallyport/protocol';

/**
 * @throws {invalid-encryption-context} when a fixed pair would replace a pair of Sallyport's own: the binding of every envelope
 * to its secret and version would be the server's to choose
 * @throws {invalid-key-arn} {region-mismatch} {invalid-role-arn} {invalid-external-id} {invalid-request} as the core checks
 */
export function checkAccess({ settings }: SecretsManagerAccess): void {
  if (settings.kind === 'built-in') {
    checkFixedContext(settings.context);
    checkDataKeyCache(settings.dataKeyCache);
    return;
  }
  checkAwsKmsSettings(settings);
  for (const arn of [settings.pinnedKeyArn, ...settings.formerKeyArns]) parseKeyArn(arn);
}

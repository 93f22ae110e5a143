// Stores one text value: the delegate opens the sealed message and encrypts; the server commits what comes back, then answers.
import type { WrittenSecret } from '@sallyport/protocol';
import { auditScopeOf } from '../http/operation.ts';
import type { OperationRequest } from '../http/operation.ts';
import type { Services } from '../services.ts';
import { commitVersion } from './commit-version.ts';
import { checkTextEnvelope } from './envelope-check.ts';
import { askerOf } from './secret-asker.ts';
import type { SecretMutex } from './secret-mutex.ts';
import { viewSecret } from './secret-views.ts';
import { withWritePlan } from './write-plan.ts';

/** @throws see the route `writeSecret` */
export async function writeSecret(
  request: OperationRequest<'writeSecret'>,
  services: Services,
  mutex: SecretMutex,
): Promise<WrittenSecret> {
  const { body } = request;
  const asker = await askerOf(request, services);
  return withWritePlan(body, { kind: 'text', services, mutex, asker }, async (plan) => {
    const result = await services.dispatcher.run<'write'>(
      plan.delegate,
      {
        kind: 'write',
        requestId: body.requestId,
        request: { secret: body.secret, secretsManager: body.secretsManager },
        target: plan.target,
        sealed: body.sealed,
      },
      { managers: [plan.manager] },
    );
    const envelope = Buffer.from(result.envelope, 'base64');
    checkTextEnvelope(envelope, result.valueBytes, plan);
    const scope = auditScopeOf(request, services.clock);
    const encrypted = { envelope: { inline: envelope }, valueBytes: result.valueBytes };
    const found = await commitVersion(plan, encrypted, { ...services, scope });
    const secret = viewSecret(found, asker);
    return { secret, answer: result.answer };
  });
}

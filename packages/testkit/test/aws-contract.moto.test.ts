// The AWS contract on moto, as a second implementation by another team. Not run where moto is not installed; where moto differs from
// AWS the guarantee is skipped, with what moto does instead.
import { describe, test } from 'vitest';
import { describeAwsContract } from '../src/aws-contract/index.ts';
import { whyNoMoto } from '../src/index.ts';
import { startMotoTarget } from './moto-target.ts';

const absent = whyNoMoto();
if (absent !== null) {
  describe('AWS contract: moto', () => {
    test.skip(`not run: ${absent}`, () => {});
  });
} else {
  describeAwsContract({
    name: 'moto',
    start: startMotoTarget,
    skips: {
      'decrypt-names-algorithm-and-material': 'returns neither',
      'context-encoding-is-unambiguous': 'authenticates the plain concatenation of keys and values',
      'decrypt-with-other-key': 'answers AccessDeniedException',
      're-encrypt-wrong-source': 'ignores SourceKeyId',
      'dry-run': 'ignores DryRun and returns the key',
      'arn-of-another-region': 'accepts the ARN when the id exists in the region of the call',
      'disabled-key': 'a disabled key goes on working',
      'key-pending-deletion': 'a key that is pending deletion goes on working',
      'deletion-window': 'accepts any number of days',
      'keys-that-make-no-data-keys': 'every kind of key makes data keys',
      'key-without-material': 'keys of origin EXTERNAL start enabled',
      'rotation-changes-the-material': 'a rotation changes nothing, and no reply has KeyMaterialId',
      'multi-region-key': 'ids are too long, and their ciphertexts do not open',
      'external-id-missing': 'a call without an external ID is accepted',
      'unknown-role': 'roles that do not exist can be assumed',
      'session-name-and-external-id-forms': 'checks only that the session name is not too long',
      'duration-bounds': 'accepts any duration',
      'duration-above-the-role-maximum': 'ignores the maximum of the role',
      'web-identity-junk': 'accepts any token',
    },
  });
}

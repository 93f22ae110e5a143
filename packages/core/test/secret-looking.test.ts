// Which lines of a script are warned of before it is stored in clear.
import { expect, test } from 'vitest';
import { secretLookingLines } from '@sallyport/core';

const SECRET = [
  'password=hunter2222',
  'export API_TOKEN="abcdef123"',
  'login --secret abcdef99',
  'psql postgres://app:s3cr3t@db/shop',
  'key=AKIAIOSFODNN7EXAMPLE',
  '-----BEGIN RSA PRIVATE KEY-----',
  'curl -H "x: q8Jd0fKzL2mXvB7tRwYp4sNcE9uH"',
];
const PLAIN = [
  'password="${secrets.getValue("db-password")}"',
  'password=$1',
  'printf %s "${secrets.getValue("token")}" | login --password-stdin',
  'apt-get install --yes kubernetes-client-with-a-long-name',
  'echo "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  tool" | sha256sum -c',
  'echo ran >> /srv/Build-7f3Kq9Xw2Lm/Out-4Zt8Rb/ran.log',
  'cp /usr/local/share/ca-certificates/internal-root-authority.crt .',
];

test('lines that look as if they held a secret are found, with their numbers', () => {
  for (const line of SECRET) expect([line, secretLookingLines(`#!/bin/bash\n${line}`)]).toEqual([line, [2]]);
});

test('references, variables, hashes and long names are not taken for secrets', () => {
  for (const line of PLAIN) expect([line, secretLookingLines(line)]).toEqual([line, []]);
});

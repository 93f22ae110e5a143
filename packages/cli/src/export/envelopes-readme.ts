// The README of an export of envelopes: read by somebody who has the folder and the key, and perhaps nobody to ask.
import { readFile } from 'node:fs/promises';

/** The program beside it, which opens everything. */
export async function openProgram(): Promise<string> {
  return readFile(new URL('./open-envelopes.mjs', import.meta.url), 'utf8');
}

/** README.md of the folder. */
export const ENVELOPES_README = `# Secrets, encrypted

Each file below \`envelopes/\` is one version of one secret: an AWS Encryption SDK message (format 2.0, algorithm suite 0x0478). It opens with
\`kms:Decrypt\` on the key that wraps its data key, and with nothing of the system that it was exported from. Without that key it is of no use.

\`index.jsonl\` has one JSON object a line for each file:

| Field | What it says |
| --- | --- |
| \`id\`, \`name\`, \`kind\`, \`version\`, \`isNewest\` | which secret, \`text\` or \`file\`, and which of its versions |
| \`scope\` | where it could be used |
| \`secretsManager\` | id and name of the secrets manager that protected it |
| \`provider\`, \`keyArn\` | \`aws-kms\` and the ARN of the key; or \`sallyport-built-in\` and null |
| \`encryptionContext\` | what the message is bound to; KMS is sent it, and key policies can demand it |
| \`file\`, \`bytes\`, \`sha256\` | the file, its size and its hash |
| \`valueBytes\`, \`createdAt\`, \`createdBy\` | size of the value, when and by whom it was written |

\`export.json\` says where the export comes from and whether it is complete: \`finishedAt\` is missing while it is not.

## Open everything, with JavaScript

\`\`\`sh
npm install @aws-crypto/client-node
node open.mjs
\`\`\`

AWS credentials are found as AWS's SDKs find them. Values go to \`values/\`, each checked against its encryption context.
\`node open.mjs NAME\` opens one. The program is 80 lines: read it before you run it.

## Open one, with AWS's command line

\`pip install aws-encryption-sdk-cli\`, then, with \`file\`, \`keyArn\` and \`encryptionContext\` of its line in the index:

\`\`\`sh
aws-encryption-cli --decrypt --input FILE --output value \\
  --wrapping-keys key=KEY-ARN \\
  --encryption-context sallyport:secret=ID sallyport:version=VERSION \\
  --commitment-policy require-encrypt-require-decrypt --suppress-metadata
\`\`\`

All of them, with jq:

\`\`\`sh
mkdir -p values
jq -r 'select(.provider == "aws-kms") | [.file, .keyArn, .id, .version] | @tsv' index.jsonl |
while IFS="$(printf '\\t')" read -r file key id version; do
  aws-encryption-cli --decrypt --input "$file" --output "values/$id@$version" --wrapping-keys "key=$key" \\
    --encryption-context "sallyport:secret=$id" "sallyport:version=$version" \\
    --commitment-policy require-encrypt-require-decrypt --suppress-metadata
done
\`\`\`

The AWS Encryption SDKs for Python, Java, C, .NET, Go and Rust read the same files.

## Built-in keys

Where \`provider\` is \`sallyport-built-in\`, the data key is wrapped by a key ring instead of KMS: the file \`key-ring.json\` in the data folder of
the delegate that wrote the secret. It is a raw AES-256 key in namespace \`sallyport-built-in\`, named by its id:

\`\`\`sh
KEY_RING=/path/to/key-ring.json node open.mjs
\`\`\`
`;

// The lines of a journal of uses: what each kind of line says, and how one is written so that a torn or changed one is found out.
import { crc32 } from 'node:zlib';
import { z } from 'zod';
import { LocalUse, SignedLocalGrant } from '@sallyport/protocol';

const Whole = z.number().int().min(1);

/** One line. Grants are written once and then meant by their number. */
export const JournalLine = z.discriminatedUnion('is', [
  z.strictObject({
    is: z.literal('journal'),
    id: z.string().describe('Of the journal, 16 bytes in base64url.'),
    nextSequence: Whole,
    bucketMs: Whole.describe('Uses within one such span are counted together.'),
  }),
  z.strictObject({ is: z.literal('grant'), number: Whole, grant: SignedLocalGrant }),
  z.strictObject({
    is: z.literal('use'),
    grant: Whole.describe('Number of its grant.'),
    from: LocalUse.shape.from,
    refusedWith: z.string().max(64).nullable().describe('null: the value was released.'),
    purpose: LocalUse.shape.purpose,
    firstAtMs: z.number().int(),
    lastAtMs: z.number().int(),
    count: Whole,
  }),
  z
    .strictObject({ is: z.literal('batch'), sequence: Whole, uses: Whole })
    .describe('The oldest so many uses that are in no batch yet are this batch from now on.'),
  z.strictObject({ is: z.literal('seen'), sequence: Whole }).describe('Batches up to this one are recorded.'),
]);
export type JournalLine = z.infer<typeof JournalLine>;
export type UseLine = Extract<JournalLine, { is: 'use' }>;

const NEWLINE = 0x0a;
const CHECKSUM_CHARACTERS = 8;

/** Checksum, blank, JSON, newline. */
export function printLine(line: JournalLine): string {
  const json = JSON.stringify(line);
  return `${checksumOf(json)} ${json}\n`;
}

/** Whole lines at the start of `content`, and how many bytes they take; the rest is torn or damaged. */
export function readLines(content: Buffer): { lines: JournalLine[]; goodBytes: number } {
  const lines: JournalLine[] = [];
  let at = 0;
  for (;;) {
    const end = content.indexOf(NEWLINE, at);
    const line = end < 0 ? null : readLine(content.toString('utf8', at, end));
    if (line === null) return { lines, goodBytes: at };
    lines.push(line);
    at = end + 1;
  }
}

function readLine(text: string): JournalLine | null {
  const json = text.slice(CHECKSUM_CHARACTERS + 1);
  if (text !== `${checksumOf(json)} ${json}`) return null;
  try {
    return JournalLine.safeParse(JSON.parse(json)).data ?? null;
  } catch {
    return null;
  }
}

/** CRC-32, 8 hex digits: against torn writes and worn disks. Who may write to the folder can lie in any case. */
function checksumOf(json: string): string {
  return crc32(json).toString(16).padStart(CHECKSUM_CHARACTERS, '0');
}

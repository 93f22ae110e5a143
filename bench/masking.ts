// Masking against what one would do without it: copying a stream through a transform that changes nothing (the price of any filter), and
// one `replaceAll` per value and form on text (what is quick to write). A thousand values, of 32 characters, with all their encodings;
// the text is log lines, in which hardly any value stands, as in most output. Counted is CPU time of the measuring thread.
import { createHash } from 'node:crypto';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { isMainThread } from 'node:worker_threads';
import { createMasker } from '@sallyport/masking';
import { isolate, measure, report, serveContender } from './measure.ts';
import type { Comparison, Contender, ContenderRequest } from './measure.ts';

const MEGABYTE = 1_000_000;
const PIECE_BYTES = 65_536;
const VALUES = 1000;
const OURS = 'ours';
const COPY = 'copying a stream';
const NAIVE = 'replaceAll per value, no encodings';
/** Megabytes a second on one core that must be reached. */
const REQUIRED_PER_SECOND = 50;

/** Prints megabytes a second, as ratios. @returns whether what is required is reached */
export async function benchMasking(): Promise<boolean> {
  const contenders = await Promise.all(
    [OURS, COPY, NAIVE].map((name) => isolate(import.meta.url, { name, arguments: null })),
  );
  const medians = await measure(contenders, { rounds: 9, roundMs: 300 });
  await Promise.all(contenders.map((contender) => contender.close()));
  const oursPerSecond = medians[OURS] ?? Number.NaN;
  const comparisons = [NAIVE, COPY].map((name): Comparison => ({
    title: `masking, MB, ${VALUES} values`,
    oursPerSecond,
    other: { name, perSecond: medians[name] ?? Number.NaN },
    ...(name === NAIVE ? { atLeast: 5 } : {}),
  }));
  const isReported = report(comparisons);
  const isFast = oursPerSecond >= REQUIRED_PER_SECOND;
  console.log(`masking: ${oursPerSecond.toFixed(0)} MB/s on one core (required ${REQUIRED_PER_SECOND})`);
  return isReported && isFast;
}

function makeContender({ name }: ContenderRequest<null>): Contender {
  const values = Array.from({ length: VALUES }, (_, index) => noise(`value ${index}`).slice(0, 32));
  const pieces = logPieces(values);
  if (name === OURS) {
    const masker = createMasker({
      values: values.map((value, index) => ({ name: String(index), value: Buffer.from(value) })),
    });
    const run = (): number => {
      const stream = masker.stream();
      let bytes = 0;
      for (const piece of pieces) bytes += stream.push(piece).length;
      return bytes + stream.flush().length;
    };
    if (run() >= pieces.length * PIECE_BYTES) throw new Error('nothing was masked');
    return { name, run: (times) => repeat(times, run) };
  }
  if (name === COPY) return { name, run: (times) => copy(pieces, times) };
  const replace = (): number => {
    let bytes = 0;
    for (const piece of pieces) {
      let text = piece.toString();
      for (const value of values) text = text.replaceAll(value, '[masked]');
      bytes += Buffer.from(text).length;
    }
    return bytes;
  };
  return { name, run: (times) => repeat(times, replace) };
}

function repeat(times: number, run: () => unknown): void {
  for (let time = 0; time < times; time += 1) run();
}

async function copy(pieces: readonly Buffer[], times: number): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    const unchanged = new Transform({
      transform: (piece, _encoding, done) => done(null, Buffer.from(piece)),
    });
    await pipeline(Readable.from(pieces), unchanged, async (output: AsyncIterable<Buffer>) => {
      let bytes = 0;
      for await (const piece of output) bytes += piece.length;
      return bytes;
    });
  }
}

/** A megabyte of log lines, a value in one of five hundred. */
function logPieces(values: readonly string[]): Buffer[] {
  const lines: string[] = [];
  for (let bytes = 0, line = 0; bytes < MEGABYTE; line += 1) {
    const id = noise(`line ${line}`);
    const what = line % 500 === 0 ? `token=${values[(line / 500) % VALUES]}` : `trace=${id.slice(0, 22)}`;
    lines.push(
      `2026-11-26T01:38:52.${line % 1000}Z info request handled method=GET path=/api/v1/things/${line} status=200 ${what}\n`,
    );
    bytes += lines.at(-1)?.length ?? 0;
  }
  const text = Buffer.from(lines.join('')).subarray(0, MEGABYTE);
  return Array.from({ length: Math.ceil(MEGABYTE / PIECE_BYTES) }, (_, index) =>
    text.subarray(index * PIECE_BYTES, (index + 1) * PIECE_BYTES),
  );
}

function noise(seed: string): string {
  return createHash('sha256').update(seed).digest('base64');
}

if (!isMainThread) await serveContender(makeContender);
else if (import.meta.main) process.exitCode = (await benchMasking()) ? 0 : 1;

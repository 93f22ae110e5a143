// How far an upload is, in a number and in words: a file is sealed first, then sent, and is done when the delegate has answered.
import type { SentBytes } from '@sallyport/sdk/browser';
import { sayBytes } from '../ui/say-time.ts';

export type UploadStand = {
  /** Of the part that is under way. */
  percent: number;
  /** With bytes and percent. */
  sentence: string;
  /** The part that is under way, without numbers. */
  news: string;
  /** All has gone out. */
  isWaiting: boolean;
};

/** @param bytes.sent null: nothing has gone out yet */
export function uploadStand(bytes: {
  fileBytes: number;
  sealedBytes: number;
  sent: SentBytes | null;
}): UploadStand {
  const { fileBytes, sealedBytes, sent } = bytes;
  const total = sent?.totalBytes ?? null;
  if (sent !== null && total !== null && sent.bytes < total) return inNumbers('Sending', sent.bytes, total);
  if (sealedBytes < fileBytes) return inNumbers('Sealing', sealedBytes, fileBytes);
  const news = sent === null ? 'Sending begins' : 'Sent. Waiting until it is stored';
  return { percent: 100, sentence: `${news} …`, news: `${news}.`, isWaiting: true };
}

function inNumbers(part: 'Sealing' | 'Sending', done: number, all: number): UploadStand {
  const percent = all === 0 ? 100 : Math.floor((done / all) * 100);
  const sentence = `${part}: ${sayBytes(done)} of ${sayBytes(all)} (${percent}%)`;
  return { percent, sentence, news: `${part}.`, isWaiting: false };
}

// How far an upload is, as the page says it.
import { expect, test } from 'vitest';
import { uploadStand } from '../src/secrets/upload-stand.ts';

const MIB = 1_048_576;

test('sealing, sending and waiting each have their own words; numbers are said in bytes and percent', () => {
  const fileBytes = 4 * MIB;
  const stand = (sealedBytes: number, sent: { bytes: number; totalBytes: number | null } | null) => {
    const { percent, sentence, news } = uploadStand({ fileBytes, sealedBytes, sent });
    return [percent, sentence, news];
  };
  expect(stand(MIB, null)).toEqual([25, expect.stringMatching(/^Sealing: .* of .* \(25%\)$/), 'Sealing.']);
  expect(stand(fileBytes, null)).toEqual([100, 'Sending begins …', 'Sending begins.']);
  expect(stand(fileBytes, { bytes: MIB, totalBytes: 2 * MIB })).toEqual([
    50,
    expect.stringMatching(/^Sending: .* of .* \(50%\)$/),
    'Sending.',
  ]);
  expect(stand(fileBytes, { bytes: 2 * MIB, totalBytes: 2 * MIB })[1]).toBe(
    'Sent. Waiting until it is stored …',
  );
});

test('nothing is said to be complete before it is', () => {
  const almost = uploadStand({
    fileBytes: 1000,
    sealedBytes: 1000,
    sent: { bytes: 9999, totalBytes: 10_000 },
  });
  expect(almost).toMatchObject({ percent: 99, isWaiting: false });
});

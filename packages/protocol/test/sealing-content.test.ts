// The framing inside a sealed message.
import { decodeContent, encodeContent } from '@sallyport/protocol/sealing';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { codeOf, truncations } from './sealing-fixture.ts';

test('header and values come back as they went in', () => {
  const property = fc.property(
    fc.jsonValue(),
    fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 20 }),
    (header, values) => {
      const decoded = decodeContent(encodeContent(header, values));
      expect(JSON.stringify(decoded.header)).toBe(JSON.stringify(header));
      expect(decoded.values).toEqual(values);
    },
  );
  fc.assert(property);
});

test('the layout is the documented one', () => {
  const content = encodeContent({ a: 1 }, [Buffer.from('xy'), Buffer.alloc(0)]);
  expect(Buffer.from(content).toString('hex')).toBe('000000077b2261223a317d0000000200000002000000007879');
});

test('every truncation and every trailing byte is rejected', () => {
  const content = encodeContent({ names: ['a', 'b'] }, [Buffer.from('one'), Buffer.from('two')]);
  for (const cut of truncations(content)) {
    expect(codeOf(() => decodeContent(cut))).toBe('sealed-message-rejected');
  }
  const longer = Buffer.concat([content, Buffer.alloc(1)]);
  expect(codeOf(() => decodeContent(longer))).toBe('sealed-message-rejected');
});

test('bytes that nobody encoded are rejected or decoded, and never crash or claim memory', () => {
  const property = fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
    try {
      const { header, values } = decodeContent(bytes);
      // Spaces in JSON are the only freedom an encoder has, so the values at least must be what is there.
      expect(values.reduce((total, value) => total + value.length, 0)).toBeLessThan(bytes.length);
      expect(header).not.toBeUndefined();
    } catch (thrown) {
      expect(thrown).toMatchObject({ code: 'sealed-message-rejected' });
    }
  });
  fc.assert(property, { numRuns: 500 });
  const claims = ['ffffffff', '000000027b7dffffffff', '000000027b7d00000001ffffffff'];
  for (const claim of claims) {
    expect(codeOf(() => decodeContent(Buffer.from(claim, 'hex')))).toBe('sealed-message-rejected');
  }
});

test('a header that is not UTF-8 or not JSON is rejected', () => {
  for (const header of ['22ff22', '7b', '']) {
    const length = (header.length / 2).toString(16).padStart(8, '0');
    const content = Buffer.from(`${length}${header}00000000`, 'hex');
    expect(codeOf(() => decodeContent(content))).toBe('sealed-message-rejected');
  }
});

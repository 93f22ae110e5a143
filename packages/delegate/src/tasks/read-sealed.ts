// Reads the headers that clients seal. What does not have the agreed shape is refused like what does not open.
import { AppError } from '@sallyport/core';
import { SCRIPT_MAX_BYTES, SealedReadContent, SealedScript, SealedWriteContent } from '@sallyport/protocol';
import { decodeContent } from '@sallyport/protocol/sealing';

/**
 * Header and values of a sealed write, or of the first chunk of an upload.
 * @throws {sealed-message-rejected}
 */
export function readWriteContent(content: Buffer): { header: SealedWriteContent; values: Buffer[] } {
  const { header, values } = decodeContent(content);
  const parsed = SealedWriteContent.safeParse(header);
  if (!parsed.success) throw malformed();
  return { header: parsed.data, values };
}

/**
 * The references that a sealed read asks for.
 * @throws {sealed-message-rejected} also when values come with them
 */
export function readReadContent(content: Buffer): string[] {
  const { header, values } = decodeContent(content);
  const parsed = SealedReadContent.safeParse(header);
  if (!parsed.success || values.length > 0) throw malformed();
  return parsed.data.items;
}

/**
 * Header and text of a sealed script.
 * @throws {sealed-message-rejected}
 */
export function readScriptContent(content: Buffer): { header: SealedScript; text: Buffer } {
  const { header, values } = decodeContent(content);
  const parsed = SealedScript.safeParse(header);
  const [text] = values;
  if (!parsed.success || text === undefined || values.length > 1) throw malformed();
  if (text.length > SCRIPT_MAX_BYTES) throw malformed();
  return { header: parsed.data, text };
}

/** The refusal of a sealed message that opened but is not shaped as agreed. */
export function malformed(): AppError {
  return new AppError('sealed-message-rejected', {
    publicMessage: 'The sealed message does not have the agreed form.',
  });
}

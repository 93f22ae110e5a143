// Puts the value of a secret into the clipboard without showing it.
import type { Client } from '@sallyport/sdk/browser';

/**
 * Reads the value and copies it. The clipboard is asked for at once, while the browser still knows that a person clicked; it waits for the
 * value by itself.
 * @throws what reading can fail with; an error of the browser when it does not let this page copy
 */
export async function copyValue(client: Client, reference: string): Promise<void> {
  let failure: { error: unknown } | null = null;
  const value = client.get(reference).then(
    (text) => new Blob([text], { type: 'text/plain' }),
    (error: unknown) => {
      failure = { error };
      throw error;
    },
  );
  try {
    await navigator.clipboard.write([new ClipboardItem({ 'text/plain': value })]);
  } catch (refusal) {
    // The browser only says that there was nothing to copy; why there was nothing says more.
    await value.catch(() => undefined);
    throw failureOf(failure) ?? refusal;
  }
}

function failureOf(failure: { error: unknown } | null): unknown {
  return failure?.error ?? null;
}

// Stores what a form holds as a new secret or a new version: a text from its field, or a file piece by piece, with how far it has come.
import { useEffect, useRef, useState } from 'react';
import type { RefObject } from 'react';
import type { UseMutationResult } from '@tanstack/react-query';
import type { SentBytes, WriteOptions, WrittenVersion } from '@sallyport/sdk/browser';
import { useAction } from '../client/operations.ts';
import { bytesOf } from './file-transfer.ts';
import { NEW_VERSION } from './forgets.ts';

export type StoredContent =
  | { kind: 'text'; field: RefObject<HTMLTextAreaElement | null> }
  | { kind: 'file'; file: File | null };

/** Never the value itself: only what it is for. */
export type StoreInput = { reference: string; options: WriteOptions };

export type StoreValue = {
  store: UseMutationResult<WrittenVersion, Error, StoreInput>;
  /** Bytes that were read and sealed so far. */
  sealedBytes: number;
  /** How much of what was sealed has gone out; null: none of it yet. */
  sent: SentBytes | null;
  stop: () => void;
  /** Whether the last one was stopped by hand. */
  wasStopped: boolean;
};

export function useStoreValue(content: StoredContent): StoreValue {
  const [sealedBytes, setSealedBytes] = useState(0);
  const [sent, setSent] = useState<SentBytes | null>(null);
  const [wasStopped, setStopped] = useState(false);
  const aborter = useRef<AbortController | null>(null);
  const store = useAction<StoreInput, WrittenVersion>(
    async (client, { reference, options }) => {
      const { signal } = (aborter.current = new AbortController());
      setStopped(false);
      setSealedBytes(0);
      setSent(null);
      const given = { ...options, signal };
      if (content.kind === 'file') {
        const bytes = bytesOf(content.file ?? new Blob(), setSealedBytes);
        return client.upload(reference, bytes, { ...given, onSent: setSent });
      }
      return client.set(reference, content.field.current?.value ?? '', given);
    },
    { forgets: NEW_VERSION },
  );
  useEffect(() => () => aborter.current?.abort(), []);
  const stop = (): void => {
    setStopped(true);
    aborter.current?.abort();
  };
  return { store, sealedBytes, sent, stop, wasStopped };
}

// Opens one secret version that a task carries whole, after comparing it with what was asked for.
import type { TaskOf } from '@sallyport/protocol';
import { openVersion } from '../secret-versions/open-version.ts';
import { requireFit } from './compare-request.ts';
import type { TaskRun } from './task-services.ts';

/** A secret version with its envelope, as the server sends it. */
export type ItemToOpen = TaskOf<'resolve'>['items'][number];

/**
 * The value; whoever takes it overwrites it in the end.
 * @throws {sealed-message-rejected}, and what `openVersion` throws
 */
export async function openItem(item: ItemToOpen, run: TaskRun): Promise<Buffer> {
  requireFit(item);
  return openVersion(item, Buffer.from(item.envelope, 'base64'), { ...run.services, signal: run.signal });
}

// Reads control messages of the server. Whatever is not exactly a known message is told apart from a task that only this
// delegate does not understand, since the latter can be answered.
import { isId } from '@sallyport/core';
import type { TaskId } from '@sallyport/core';
import { ServerMessage } from '@sallyport/protocol';

export type ReadMessage =
  | { outcome: 'message'; message: ServerMessage }
  /** A task that can be refused by its id. */
  | { outcome: 'unknown-task'; taskId: TaskId }
  /** `where`: path of the field that is wrong, for the log; never a value. */
  | { outcome: 'malformed'; where: string };

/** Parses one text frame. */
export function readServerMessage(frame: Buffer): ReadMessage {
  let json: unknown;
  try {
    json = JSON.parse(frame.toString());
  } catch {
    return { outcome: 'malformed', where: 'not JSON' };
  }
  const parsed = ServerMessage.safeParse(json);
  if (parsed.success) return { outcome: 'message', message: parsed.data };
  const taskId = taskIdOf(json);
  if (taskId !== null) return { outcome: 'unknown-task', taskId };
  return { outcome: 'malformed', where: parsed.error.issues[0]?.path.join('.') ?? '' };
}

function taskIdOf(json: unknown): TaskId | null {
  const task = fieldOf(json, 'task');
  const taskId = fieldOf(task, 'taskId');
  return typeof taskId === 'string' && isId('task', taskId) ? taskId : null;
}

function fieldOf(value: unknown, field: string): unknown {
  return typeof value === 'object' && value !== null
    ? (Object.getOwnPropertyDescriptor(value, field)?.value as unknown)
    : undefined;
}

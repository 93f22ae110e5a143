// The port to how far each sink has got. The trail itself is what waits to be delivered; a position is all that is kept beside it.

export type SinkPosition = {
  /** Everything up to this record was delivered or skipped. */
  delivered: number;
  /** Records that were skipped, since the sink was first set up. */
  dropped: number;
};

export type SinkPositionStore = {
  /** null: a sink of this name was never set up. */
  get(name: string): Promise<SinkPosition | null>;
  set(name: string, position: SinkPosition): Promise<void>;
};

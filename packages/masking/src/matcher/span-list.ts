// Stretches of a text that are to be masked, kept apart from one another: what overlaps or touches is one stretch.

/** From `start` up to, and not including, `end`. */
export type Span = { start: number; end: number };

export class SpanList {
  #spans: Span[] = [];

  /** Adds a stretch. Cheap when ends come in ascending order. */
  add(start: number, end: number): void {
    let from = start;
    let to = end;
    for (let last = this.#spans.at(-1); last !== undefined && last.end >= from; last = this.#spans.at(-1)) {
      from = Math.min(from, last.start);
      to = Math.max(to, last.end);
      this.#spans.pop();
    }
    this.#spans.push({ start: from, end: to });
  }

  get isEmpty(): boolean {
    return this.#spans.length === 0;
  }

  /** Of both lists, in ascending order. */
  static union(lists: readonly SpanList[]): readonly Span[] {
    const [first, ...others] = lists.filter((list) => !list.isEmpty);
    if (first === undefined) return [];
    if (others.length === 0) return first.#spans;
    const union = new SpanList();
    const all = [first, ...others].flatMap((list) => list.#spans);
    for (const { start, end } of all.sort((left, right) => left.start - right.start)) union.add(start, end);
    return union.#spans;
  }

  /** Forgets what ends at or before `length` and counts the rest from there; a stretch across it may then start below 0. */
  dropBefore(length: number): void {
    this.#spans = this.#spans
      .filter(({ end }) => end > length)
      .map(({ start, end }) => ({ start: start - length, end: end - length }));
  }
}

// Forms that encoders print over several lines: base64 and hex. The matcher skips line breaks inside of them, once it has seen their
// first characters in one line.

/** A form that may be broken over lines. */
export type BreakablePattern = {
  text: string;
  /** How many of its first characters may be left behind on the line before, short of what the matcher needs to recognise it. */
  strayStart: number;
};

/** @param strayStart see `BreakablePattern` */
export function breakable(text: string, strayStart: number): BreakablePattern {
  return { text, strayStart };
}

/** The form, and what is left of it when a line break comes right after its stray first characters. */
export function withBrokenStart({ text, strayStart }: BreakablePattern, minChars: number): string[] {
  return strayStart > 0 && text.length - strayStart >= minChars ? [text, text.slice(strayStart)] : [text];
}

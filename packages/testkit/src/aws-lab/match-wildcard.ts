// Wildcards of IAM policies: `*` stands for any number of characters, `?` for one. Linear in time, so that no pattern can stall the lab.

/** Whether all of `text` matches `pattern`; case-sensitive. */
export function matchWildcard(match: { pattern: string; text: string }): boolean {
  const { pattern, text } = match;
  let at = 0;
  let inPattern = 0;
  let star = -1;
  let resumeAt = 0;
  while (at < text.length) {
    const symbol = pattern[inPattern];
    if (symbol === '*') {
      star = inPattern;
      inPattern += 1;
      resumeAt = at;
    } else if (symbol === '?' || symbol === text[at]) {
      inPattern += 1;
      at += 1;
    } else if (star >= 0) {
      inPattern = star + 1;
      resumeAt += 1;
      at = resumeAt;
    } else {
      return false;
    }
  }
  while (pattern[inPattern] === '*') inPattern += 1;
  return inPattern === pattern.length;
}

const ARN_PARTS = 6;

/** Splits an ARN into its six parts; the resource keeps its colons. `null` when there are fewer parts. */
export function arnParts(arn: string): readonly string[] | null {
  const parts = arn.split(':');
  if (parts.length < ARN_PARTS) return null;
  return [...parts.slice(0, ARN_PARTS - 1), parts.slice(ARN_PARTS - 1).join(':')];
}

/** Compares ARNs part by part, so that a wildcard in one part never reaches into the next; a lone `*` matches everything. */
export function matchArn(match: { pattern: string; arn: string }): boolean {
  if (match.pattern === '*') return true;
  const patterns = arnParts(match.pattern);
  const parts = arnParts(match.arn);
  if (patterns === null || parts === null) return false;
  return patterns.every((pattern, index) => matchWildcard({ pattern, text: parts[index] ?? '' }));
}

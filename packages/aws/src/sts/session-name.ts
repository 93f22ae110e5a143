// The session name that the delegate's calls carry in CloudTrail.

const PREFIX = 'sallyport-';
const MAX_CHARACTERS = 64;

/** `sallyport-` and the delegate's name, in the characters and length that STS takes (2 to 64 of `[\w+=,.@-]`). */
export function sessionNameOf(delegateName: string): string {
  const cleaned = delegateName
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^A-Za-z0-9_+=,.@-]+/g, '-');
  return (PREFIX + (cleaned === '' ? 'delegate' : cleaned)).slice(0, MAX_CHARACTERS);
}

// Where somebody wanted to go, while single sign-on leads their tab away and back to its start.

const KEY = 'sallyport.way-back';

/** @param path below `#` */
export function keepWayBack(path: string): void {
  sessionStorage.setItem(KEY, path);
}

/** The path that was kept, once; null: none. */
export function takeWayBack(): string | null {
  const path = sessionStorage.getItem(KEY);
  sessionStorage.removeItem(KEY);
  return path;
}

/** Puts the kept path into the address, unless that leads to a page already, such as the one that says why single sign-on failed. */
export function goWayBack(): void {
  if (location.hash !== '' && location.hash !== '#/') return;
  const path = takeWayBack();
  if (path !== null) history.replaceState(null, '', `#${path}`);
}

// What ties the start of a sign-in to its end in the same browser. The browser keeps a random text in a cookie; state, nonce and PKCE
// verifier are derived from it under the root key. So nothing is stored, the cookie tells nothing, and who has another browser's cookie
// or another sign-in's state has nothing that fits.
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { readCookie } from '../http/session-cookie.ts';
import type { RootKey } from '../root-key/root-key.ts';
import type { SignInSecrets } from './provider.ts';

/** A sign-in that has begun. */
export type SignInState = {
  /** Text of the cookie. */
  text: string;
  /** When it began. */
  atMs: number;
  /** Of the settings that it began with. */
  settingsMs: number;
};

/** How long a sign-in may take. */
export const SIGN_IN_MAX_MS = 600_000;

const SECURE_NAME = '__Host-sallyport-sso';
const PLAIN_NAME = 'sallyport-sso';
const RANDOM_BYTES = 32;
const TEXT = /^(\d{1,16})\.(\d{1,16})\.[A-Za-z0-9_-]{43}$/;

export function newSignIn(times: { nowMs: number; settingsMs: number }): SignInState {
  const { nowMs, settingsMs } = times;
  const text = `${nowMs}.${settingsMs}.${randomBytes(RANDOM_BYTES).toString('base64url')}`;
  return { text, atMs: nowMs, settingsMs };
}

export function parseSignIn(text: string): SignInState | null {
  const [, atMs, settingsMs] = TEXT.exec(text) ?? [];
  if (atMs === undefined || settingsMs === undefined) return null;
  return { text, atMs: Number(atMs), settingsMs: Number(settingsMs) };
}

export function secretsOf(signIn: SignInState, rootKey: RootKey): SignInSecrets {
  const derive = (purpose: string): string =>
    rootKey.mac(`single sign-on: ${purpose}`, signIn.text).toString('base64url');
  return { state: derive('state'), nonce: derive('nonce'), codeVerifier: derive('code verifier') };
}

/** The cookie that carries it. Lax: it has to come along when the provider leads the browser back. */
export const signInCookie = {
  read: ({ headers }: IncomingMessage, isSecure: boolean): SignInState | null => {
    const text = readCookie(headers.cookie ?? '', isSecure ? SECURE_NAME : PLAIN_NAME);
    return text === null ? null : parseSignIn(text);
  },
  set: (response: ServerResponse, isSecure: boolean, text: string): void => {
    response.appendHeader('set-cookie', cookieText(isSecure, text, SIGN_IN_MAX_MS / 1000));
  },
  clear: (response: ServerResponse, isSecure: boolean): void => {
    response.appendHeader('set-cookie', cookieText(isSecure, '', 0));
  },
};

function cookieText(isSecure: boolean, text: string, maxAgeSeconds: number): string {
  const name = isSecure ? SECURE_NAME : PLAIN_NAME;
  return `${name}=${text}; Path=/; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}; Max-Age=${maxAgeSeconds}`;
}

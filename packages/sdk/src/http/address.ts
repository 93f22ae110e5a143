// The address of a server as people give it, brought to one form. Known delegates are remembered under it, so two ways of writing
// one server must not be two servers.
import { AppError } from '@sallyport/core';

/**
 * Normal form of a server's address: scheme, host, port, and the path that a proxy may put in front, without a slash at the end.
 * The scheme may be left out for a loopback host.
 * @throws {config-invalid} when it is not an http or https address, has a query or user part, or is plain http beyond loopback
 */
export function parseAddress(text: string, options: { allowPlainHttp: boolean }): URL {
  const trimmed = text.trim();
  const named = /^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed);
  const url = URL.parse(named ? trimmed : `http://${trimmed}`);
  if (url === null) throw wrong('it is not a URL');
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw wrong('it begins with neither https:// nor http://');
  }
  if (url.username !== '' || url.password !== '') throw wrong('it has a user name or password in it');
  if (url.search !== '' || url.hash !== '') throw wrong('it has a query or fragment');
  if (!named && !isLoopback(url)) throw wrong('it does not say https:// in front');
  if (url.protocol === 'http:' && !isLoopback(url) && !options.allowPlainHttp) {
    throw wrong(
      'plain http beyond this machine shows the API key to the network. Use https, or allow plain http explicitly',
    );
  }
  url.pathname = url.pathname.replace(/\/+$/, '');
  return url;
}

/** An address as text, e.g. `https://sallyport.example.com`, without a slash at the end. */
export function printAddress(url: URL): string {
  return url.href.replace(/\/$/, '');
}

/** Whether nothing sent to this address leaves the machine. */
function isLoopback(url: URL): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(url.hostname);
}

function wrong(why: string): AppError {
  return new AppError('config-invalid', {
    publicMessage: `The address of the server cannot be used: ${why}. An address looks like https://sallyport.example.com or http://127.0.0.1:8200.`,
  });
}

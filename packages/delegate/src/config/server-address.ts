// From the server's address as people write it to the address of its delegate socket. Refuses what would send the delegate
// token in clear over a network.
import { AppError } from '@sallyport/core';
import { DELEGATE_CONNECT_PATH } from '@sallyport/protocol';

const LOOPBACK_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/**
 * The `ws:` or `wss:` address to dial. A path in the server's address is kept in front (servers behind a path of a proxy).
 * @throws {config-invalid} when it is no http(s) address, carries credentials or a query, or is plain http beyond loopback
 */
export function connectAddressOf(serverUrl: string, options: { allowPlainHttp: boolean }): URL {
  const url = URL.parse(serverUrl);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw invalid('it is not an address such as https://sallyport.example.com');
  }
  if (url.username !== '' || url.password !== '') {
    throw invalid(
      'it must not contain a user name or password; give the delegate token as a setting of its own',
    );
  }
  if (url.search !== '' || url.hash !== '') throw invalid('it must not have a query or fragment');
  if (url.protocol === 'http:' && !LOOPBACK_HOST.test(url.hostname) && !options.allowPlainHttp) {
    throw invalid(
      'plain http is for loopback only, since tokens would cross the network in clear. Use https, or allow plain http explicitly',
    );
  }
  const address = new URL(url);
  address.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  address.pathname = url.pathname.replace(/\/+$/, '') + DELEGATE_CONNECT_PATH;
  return address;
}

function invalid(problem: string): AppError {
  return new AppError('config-invalid', {
    publicMessage: `The setting "serverUrl" is not valid: ${problem}.`,
  });
}

// The XML of STS's query protocol, written by hand: three small documents do not need a library.
import type { LabAnswer } from './lab-request.ts';
import type { ServiceError } from './service-error.ts';

const NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/';

/** Nested elements; a string is text. */
export type XmlContent = { [element: string]: string | XmlContent };

/** The answer of a call that succeeded. */
export function resultXml(operation: string, content: XmlContent, requestId: string): LabAnswer {
  return xmlAnswer(
    200,
    `<${operation}Response xmlns="${NAMESPACE}"><${operation}Result>${elements(content)}</${operation}Result>` +
      `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></${operation}Response>`,
    requestId,
  );
}

/** The answer of a call that was refused. */
export function errorXml(error: ServiceError, requestId: string): LabAnswer {
  const type = error.status >= 500 ? 'Receiver' : 'Sender';
  const content = elements({
    Type: type,
    Code: error.code,
    ...(error.text === null ? {} : { Message: error.text }),
  });
  return xmlAnswer(
    error.status,
    `<ErrorResponse xmlns="${NAMESPACE}"><Error>${content}</Error><RequestId>${requestId}</RequestId></ErrorResponse>`,
    requestId,
  );
}

function xmlAnswer(status: number, body: string, requestId: string): LabAnswer {
  return { status, contentType: 'text/xml', body, headers: { 'x-amzn-requestid': requestId } };
}

function elements(content: XmlContent): string {
  return Object.entries(content)
    .map(
      ([name, value]) =>
        `<${name}>${typeof value === 'string' ? escapeText(value) : elements(value)}</${name}>`,
    )
    .join('');
}

function escapeText(text: string): string {
  return (
    text
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      // XML 1.0 has no way to write other control characters.
      .replaceAll(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd]/g, '?')
  );
}

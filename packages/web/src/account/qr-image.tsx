// A text as a QR code, dark on light whatever the colours of the page, since that is what scanners expect.
import { encode } from 'uqr';
import type { ReactNode } from 'react';
import classes from './qr-image.module.css';

/** Free modules around the code (ISO/IEC 18004). */
const QUIET = 4;

/** @param text at most 2331 bytes as UTF-8, which is what the largest code holds */
export function QrImage({ text, label }: { text: string; label: string }): ReactNode {
  const { data, size } = encode(text, { ecc: 'M', border: QUIET });
  const path = data
    .flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : '')))
    .join('');
  return (
    <svg
      className={classes.image}
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label={label}
      shapeRendering="crispEdges"
    >
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}

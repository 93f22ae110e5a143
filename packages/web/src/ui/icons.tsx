// The icons of the web UI, drawn with one stroke on a grid of 24. They never stand alone for a meaning: whatever they are on has a name.
import type { ReactNode } from 'react';

const PATHS = {
  alert: 'M12 4 2.8 20h18.4zM12 10v4M12 17v.5',
  apps: 'M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z',
  audit: 'M6 3h9l4 4v14H6zM14 3v5h5M9 12h6M9 16h6',
  check: 'm5 12.5 4.5 4.5L19 7.5',
  chevronDown: 'm6 9 6 6 6-6',
  chevronLeft: 'm15 6-6 6 6 6',
  chevronRight: 'm9 6 6 6-6 6',
  circle: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16z',
  close: 'M6 6l12 12M18 6 6 18',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  delegate: 'M4 5h16v6H4zM4 13h16v6H4zM7.5 8v.01M7.5 16v.01',
  download: 'M12 4v11m-5-5 5 5 5-5M4 20h16',
  edit: 'M4 20h4L19 9l-4-4L4 16zM13 7l4 4',
  external: 'M13 4h7v7M20 4l-9 9M18 14v6H4V6h6',
  eye: 'M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z',
  eyeOff:
    'M4 4l16 16M9.5 6c.8-.3 1.6-.5 2.5-.5 6 0 9.5 6.5 9.5 6.5a16 16 0 0 1-2.6 3.3M6 7.5A15 15 0 0 0 2.5 12S6 18.5 12 18.500c1.5 0 2.9-.4 4.1-1M10 10.500a3 3 0 0 0 3.7 3.7',
  help: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM9.5 9.500a2.5 2.5 0 1 1 3.6 2.200c-.8.4-1.1 1-1.1 1.800M12 16.500v.01',
  history: 'M4 12a8 8 0 1 1 2.5 5.800M4 20v-5h5M12 8v4.500l3 2',
  key: 'M8 11a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM11 12.5 20 3.500M16 7.500l3 3M13.5 10l2 2',
  menu: 'M4 7h16M4 12h16M4 17h16',
  more: 'M12 6v.01M12 12v.01M12 18v.01',
  moon: 'M19.5 14.500A8 8 0 0 1 9.5 4.500a8 8 0 1 0 10 10z',
  plus: 'M12 5v14M5 12h14',
  refresh: 'M20 12a8 8 0 1 1-2.5-5.800M20 4v5h-5',
  script: 'M4 5h16v14H4zM7.5 9l3 3-3 3M12.5 15h4',
  search: 'M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5 20 20',
  signOut: 'M14 4H5v16h9M10 12h11m-4-4 4 4-4 4',
  sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.400M17.6 17.6 19 19M5 19l1.4-1.400M17.6 6.4 19 5',
  system: 'M3 5h18v11H3zM9 20h6M12 16v4',
  trash: 'M5 7h14M10 7V4h4v3M6.5 7l1 13h9l1-13',
  upload: 'M12 15V4M7 9l5-5 5 5M4 20h16',
  signIn: 'M10 4h9v16h-9M3 12h10m-4-4 4 4-4 4',
  user: 'M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4.5 20a7.5 7.5 0 0 1 15 0',
  users:
    'M9 5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM2.5 20a6.5 6.5 0 0 1 13 0M15.5 5.200a3.5 3.5 0 0 1 0 6.600M18 14.500a6.5 6.5 0 0 1 3.5 5.5',
  vault:
    'M4 4h16v15H4zM7 19v2M17 19v2M12 8.500a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM12 8.500v1.500M12 13v1.500M9 11.500h1.500M13.5 11.500H15',
  workload: 'M12 3 4 7.500v9L12 21l8-4.500v-9zM4 7.500l8 4.500 8-4.500M12 12v9',
} as const;

export type IconName = keyof typeof PATHS;

/** An icon in the colour of the text around it. Hidden from screen readers. */
export function Icon({ name, size = 18 }: { name: IconName; size?: number }): ReactNode {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.75}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}

// A second line in a cell of a table, in small grey letters. Plain, since long tables are full of them.
import type { ReactNode } from 'react';
import classes from './small.module.css';

export function Small({ children, isBad = false }: { children: ReactNode; isBad?: boolean }): ReactNode {
  return <p className={isBad ? `${classes.small} ${classes.bad}` : classes.small}>{children}</p>;
}

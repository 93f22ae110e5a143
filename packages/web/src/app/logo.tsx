// The name and sign of the product.
import type { ReactNode } from 'react';
import classes from './logo.module.css';
import sign from './sallyport.svg';

export function Logo(): ReactNode {
  return (
    <span className={classes.logo}>
      <img src={sign} width={26} height={26} alt="" />
      <span className={classes.word}>Sallyport</span>
    </span>
  );
}

// What stands above all pages: whether this browser can do what the product needs at all.
import { Outlet } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import { sealingObstacle } from '@sallyport/sdk/browser';
import { ErrorPanel } from '../ui/error-panel.tsx';
import classes from './root.module.css';

export function Root(): ReactNode {
  const [obstacle, setObstacle] = useState<Error | null>(null);
  useEffect(() => {
    void sealingObstacle().then(setObstacle);
  }, []);
  return (
    <>
      {obstacle !== null && (
        <div className={classes.obstacle}>
          <ErrorPanel error={obstacle} title="Values can be neither written nor read here" />
        </div>
      )}
      <Outlet />
    </>
  );
}

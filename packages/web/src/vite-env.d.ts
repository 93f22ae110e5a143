// Modules that the build makes.
declare module 'virtual:theme.css';

declare module 'virtual:route-rows' {
  import type { RouteRows } from '@sallyport/sdk/browser';

  const rows: RouteRows;
  export default rows;
}

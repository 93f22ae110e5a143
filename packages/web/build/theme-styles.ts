// Mantine's theme as a style sheet. Its provider would put it into the page as a style element, which the content security policy of this
// product forbids; so it is made at build time and loaded like any other style sheet.
import {
  convertCssVariables,
  defaultCssVariablesResolver,
  mergeMantineTheme,
  DEFAULT_THEME,
} from '@mantine/core';
import type { Plugin } from 'vite';
import { THEME, THEME_VARIABLES } from '../src/app/theme.ts';

const NAME = 'virtual:theme.css';
const RESOLVED = '\0virtual:theme.css';

/** Serves `virtual:theme.css`. */
export function themeStyles(): Plugin {
  return {
    name: 'sallyport-theme-styles',
    resolveId: (id) => (id === NAME ? RESOLVED : null),
    load: (id) => (id === RESOLVED ? printThemeStyles() : null),
  };
}

function printThemeStyles(): string {
  const theme = mergeMantineTheme(DEFAULT_THEME, THEME);
  const usual = defaultCssVariablesResolver(theme);
  const own = THEME_VARIABLES(theme);
  return convertCssVariables({
    variables: { ...usual.variables, ...own.variables },
    light: { ...usual.light, ...own.light },
    dark: { ...usual.dark, ...own.dark },
  });
}

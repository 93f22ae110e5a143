// Colours, type and shape of the web UI. Contrast is what decides: text and controls stay readable for everybody, light and dark.
import { createTheme } from '@mantine/core';
import type { CSSVariablesResolver, MantineColorsTuple } from '@mantine/core';

const harbour: MantineColorsTuple = [
  '#eef4fb',
  '#dbe6f4',
  '#b5cbe7',
  '#8dafda',
  '#6a97cf',
  '#5488c8',
  '#487fc4',
  '#3668a8',
  '#2d5d99',
  '#1e4f88',
];

/** Mantine's own are without any blue, and stand out against the surfaces of this product. */
const dark: MantineColorsTuple = [
  '#d5dbe2',
  '#bcc5ce',
  '#9aa5b1',
  '#6f7a86',
  '#3d4752',
  '#2d353e',
  '#222931',
  '#14181d',
  '#0f1317',
  '#0a0d10',
];

export const THEME = createTheme({
  primaryColor: 'harbour',
  primaryShade: { light: 7, dark: 7 },
  colors: { harbour, dark },
  black: '#16202c',
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace',
  headings: { fontWeight: '600' },
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Badge: { defaultProps: { tt: 'none', radius: 'sm', fw: 600 } },
    // Else every page with a choice of many draws and measures all of them before anybody has opened it.
    Combobox: { defaultProps: { keepMounted: false } },
  },
});

/** Where Mantine's own greys have too little contrast for text (WCAG 2.2 AA), and where its badges are louder than what they stand beside. */
export const THEME_VARIABLES: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': '#546170',
    '--mantine-color-placeholder': '#67727f',
    '--mantine-color-error': '#b42318',
    '--mantine-color-default-border': '#c3ccd6',
    '--mantine-color-gray-light': '#e9edf2',
    '--mantine-color-gray-light-color': '#39424d',
    '--mantine-color-green-light-color': '#1c6329',
    '--mantine-color-orange-light': '#fdeadb',
    '--mantine-color-orange-light-color': '#8a3a05',
    '--mantine-color-red-filled': '#c92a2a',
    '--mantine-color-red-filled-hover': '#b02525',
    '--mantine-color-red-light': '#fdeeec',
    '--mantine-color-red-light-color': '#a01b12',
    '--mantine-color-teal-light': '#dcf3ea',
    '--mantine-color-teal-light-color': '#05604a',
    '--mantine-color-yellow-light': '#fcf1d2',
    '--mantine-color-yellow-light-color': '#744a00',
    '--sallyport-surface': '#ffffff',
    '--sallyport-canvas': '#f5f7fa',
    '--sallyport-line': '#e1e6ec',
  },
  dark: {
    '--mantine-color-placeholder': '#8b96a3',
    '--mantine-color-error': '#ff9a8f',
    '--mantine-color-anchor': '#8dafda',
    '--mantine-color-gray-light': '#2d353e',
    '--mantine-color-gray-light-color': '#d5dbe2',
    '--mantine-color-green-light': '#1b3925',
    '--mantine-color-green-light-color': '#a3dfb0',
    '--mantine-color-orange-light': '#43291a',
    '--mantine-color-orange-light-color': '#ffc9a3',
    '--mantine-color-red-filled': '#c92a2a',
    '--mantine-color-red-filled-hover': '#b02525',
    '--mantine-color-red-light': '#34191a',
    '--mantine-color-red-light-color': '#ffb4ab',
    '--mantine-color-teal-light': '#17362f',
    '--mantine-color-teal-light-color': '#8fe0c6',
    '--mantine-color-yellow-light': '#3d311a',
    '--mantine-color-yellow-light-color': '#f5d58a',
    '--sallyport-surface': '#1b2027',
    '--sallyport-canvas': '#14181d',
    '--sallyport-line': '#2c343d',
  },
});

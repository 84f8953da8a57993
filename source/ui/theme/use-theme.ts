/** The theme of the screen, which may change while it is shown. */
import {createContext, useContext} from 'react';
import {dark} from './dark.js';
import type {Theme} from './theme.js';

export const ThemeContext = createContext<Theme>(dark);

export const useTheme = (): Theme => useContext(ThemeContext);

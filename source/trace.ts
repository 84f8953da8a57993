/** Diagnostics, printed only with `NODE_DEBUG=sockchat`. */
import {debuglog} from 'node:util';

export const trace = debuglog('sockchat');

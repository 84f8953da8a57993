/** Diagnostics for `NODE_DEBUG=sockchat`; silent and nearly free without. */
import {debuglog} from 'node:util';

export const trace = debuglog('sockchat');

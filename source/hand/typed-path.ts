import {homedir} from 'node:os';
import {join} from 'node:path';

/** The path of a typed one: no shell has replaced `~` at its start. */
export const pathOfTyped = (typed: string): string =>
	typed === '~' || typed.startsWith('~/')
		? join(homedir(), typed.slice(1))
		: typed;

/** Other platforms, as far as Node shows them to our code. */
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import type {Owner, Variables} from './environment.js';

export type Platform = 'darwin' | 'win32';

export const platforms: readonly Platform[] = ['darwin', 'win32'];

/** In this process: only what reads `process.platform` notices. */
export const pretend = (owner: Owner, platform: Platform): void => {
	const real = process.platform;
	const set = (value: string) => {
		Object.defineProperty(process, 'platform', {value});
	};

	set(platform);
	owner.after(async () => {
		set(real);
	});
};

const preload = fileURLToPath(
	new URL('../fixtures/pretend.cjs', import.meta.url),
);

/** For a process: it has no /proc, no ss, no tcpdump, no Python either. */
export const pretending = (platform: Platform): Variables => ({
	PRETEND: platform,
	NODE_OPTIONS: `--require=${preload}`,
	PATH: '/nowhere',
});

/** Processes that take the lock of a history, here or in a container. */
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import type {KernelLockKind} from '../../../source/history/kernel-lock.js';
import {requireExecutable, type Owner} from '../environment.js';
import {startProcess, withTypeScript} from '../process.js';

const taker = fileURLToPath(new URL('lock-taker.ts', import.meta.url));

/** Starts a program in its own pid namespace, as a container runtime does. */
export const inContainer = (): string[] => [
	requireExecutable('unshare', 'util-linux'),
	...(process.getuid?.() === 0 ? [] : ['-r']),
	'--pid',
	'--fork',
	'--mount-proc',
	'--kill-child=SIGKILL',
];

export type TakerOptions = {
	readonly isInContainer?: boolean;
	/** The only way to ask the kernel; by default any. */
	readonly kind?: KernelLockKind | 'none' | undefined;
};

/** @returns It, ready: nothing is left to load. */
export const startTaker = async (
	owner: Owner,
	path: string,
	{isInContainer = false, kind}: TakerOptions = {},
) => {
	const [command, ...args] = [
		...(isInContainer ? inContainer() : []),
		process.execPath,
		withTypeScript,
		taker,
		path,
		...(kind ? [kind] : []),
	];
	const child = startProcess(owner, command!, args);
	await child.waitForOutput('ready\n');
	let asked = 0;
	const ask = async (what: 'take' | 'release') => {
		asked++;
		child.writeLine(what);
		return child.waitForOutput(
			new RegExp(`ready\n(?:.+\n){${asked - 1}}(.+)\n`),
		);
	};

	return {
		...child,
		/** What it says on having tried. */
		take: async () => ask('take'),
		release: async () => ask('release'),
	};
};

export type Taker = Awaited<ReturnType<typeof startTaker>>;

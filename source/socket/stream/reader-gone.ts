/**
 * Notices that the reader of a pipe has gone, while nothing is written to it:
 * the kernel tells only a program that polls the writing end (POLLERR), which
 * Node does for what it reads.
 *
 * So the end is opened once more, as something to read. Node has no public way
 * to do that; where this one is missing, the next write fails as ever.
 */
import {closeSync, fstatSync, openSync} from 'node:fs';
import process from 'node:process';
import {trace} from '../../trace.js';

type Handle = {
	readonly open: (descriptor: number) => number;
	readonly readStart: () => number;
	readonly close: () => void;
	readonly unref: () => void;
	onread: () => void;
};

type Binding = {
	readonly TCP: new (kind: number) => Handle;
	readonly constants: {readonly SOCKET: number};
};

/** Opens the writing end of a pipe again; undefined if that can't be done. */
const reopen = (descriptor: number): number | undefined => {
	try {
		return fstatSync(descriptor).isFIFO()
			? openSync(`/proc/self/fd/${descriptor}`, 'w')
			: undefined;
	} catch (error) {
		trace('can’t look at the reader of %d: %o', descriptor, error);
		return undefined;
	}
};

/**
 * @param onGone Called once.
 * @returns Stops looking.
 */
export const watchReader = (
	descriptor: number,
	onGone: () => void,
): (() => void) => {
	const nothing = () => undefined;
	const again = reopen(descriptor);
	if (again === undefined) {
		return nothing;
	}

	try {
		const binding = Reflect.get(process, 'binding') as (
			name: string,
		) => Binding;
		const {TCP, constants} = binding('tcp_wrap');
		const handle = new TCP(constants.SOCKET);
		if (handle.open(again) !== 0) {
			throw new Error('not opened');
		}

		let isOver = false;
		const stop = () => {
			if (!isOver) {
				isOver = true;
				handle.close();
			}
		};

		handle.onread = () => {
			stop();
			onGone();
		};

		handle.unref();
		handle.readStart();
		return stop;
	} catch (error) {
		trace('can’t look at the reader of %d: %o', descriptor, error);
		closeSync(again);
		return nothing;
	}
};

/**
 * Stdin with `CalmInput` in front: Ink itself would wait for the end of a paste
 * for ever, Ctrl-C included, and readline knows no paste.
 */
import {performance} from 'node:perf_hooks';
import {systemClock, type Clock} from '../socket/clock.js';
import {withMethods} from './with-methods.js';
import {CalmInput} from './calm-input.js';

export type CalmClock = Pick<Clock, 'monotonicMs' | 'setTimer'> & {
	/** Calls back once what has arrived by now was read. */
	readonly afterReads: (callback: () => void) => void;
	/** For how long the event loop has run callbacks in all, and read nothing. */
	readonly busyMs: () => number;
};

export const calmClock: CalmClock = {
	...systemClock,
	afterReads(callback) {
		setImmediate(callback);
	},
	busyMs: () => performance.eventLoopUtilization().active,
};

/**
 * Between two looks at whether something could be read: what the program did
 * long before says nothing about when a line was typed.
 */
export const lookMs = 1000;

type Listener = () => void;

/**
 * The same stream for everything but reading. It is read only while somebody
 * listens to 'readable'; what was held is dropped when the last one stops.
 */
export const calmStdin = (
	stdin: NodeJS.ReadStream,
	clock: CalmClock,
): NodeJS.ReadStream => {
	let input = new CalmInput();
	const ready: string[] = [];
	const listeners = new Set<Listener>();
	let cancel = () => {};
	let cancelLook = () => {};

	const moment = () => ({at: clock.monotonicMs(), busyMs: clock.busyMs()});
	/** When last all that had come was read. */
	let empty = moment();

	/** Undercounts if the machine lets us wait, but for whole looks. */
	const awayMs = (): number => {
		const {at, busyMs} = moment();
		return Math.max(busyMs - empty.busyMs, at - empty.at - lookMs);
	};

	/** Until it is known that nothing depends on it: it wakes an idle program. */
	const look = () => {
		cancelLook();
		cancelLook = clock.setTimer(() => {
			const before = moment();
			clock.afterReads(() => {
				if (listeners.size > 0 && !input.hasBrackets) {
					empty = before.at > empty.at ? before : empty;
					look();
				}
			});
		}, lookMs);
	};

	const give = (texts: readonly string[]) => {
		ready.push(...texts);
		if (ready.length > 0) {
			for (const listener of listeners) {
				listener();
			}
		}
	};

	const wait = () => {
		cancel();
		const {dueAt} = input;
		if (dueAt !== undefined) {
			cancel = clock.setTimer(
				() => {
					clock.afterReads(() => {
						give(input.settle(clock.monotonicMs()));
						wait();
					});
				},
				Math.max(1, dueAt - clock.monotonicMs()),
			);
		}
	};

	const onReadable = () => {
		const unreadMs = awayMs();
		empty = moment();
		for (;;) {
			const chunk = stdin.read() as string | null;
			if (chunk === null) {
				break;
			}

			give(input.push(chunk, clock.monotonicMs(), unreadMs));
		}

		wait();
	};

	const listen = (event: string, listener: Listener) => {
		if (event !== 'readable') {
			stdin.on(event, listener);
			return;
		}

		listeners.add(listener);
		if (listeners.size === 1) {
			stdin.on('readable', onReadable);
			empty = moment();
			look();
		}
	};

	const stopListening = (event: string, listener: Listener) => {
		if (event !== 'readable') {
			stdin.off(event, listener);
			return;
		}

		if (listeners.delete(listener) && listeners.size === 0) {
			stdin.off('readable', onReadable);
			cancel();
			cancelLook();
			input = new CalmInput();
			ready.length = 0;
		}
	};

	return withMethods(stdin, {
		read: () => ready.shift() ?? null,
		on: listen,
		addListener: listen,
		off: stopListening,
		removeListener: stopListening,
	});
};

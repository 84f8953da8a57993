/**
 * `sockchat watch`: the sockets of other programs on a port, as lines or JSON.
 * It reads no stdin, and goes on until it is told to leave.
 */
import process from 'node:process';
import type {Ending} from '../chat/ending.js';
import type {WatchOptions} from '../options/watch.js';
import {jsonSafe} from '../protocol/display.js';
import {formatAddress} from '../socket/address.js';
import {systemClock} from '../socket/clock.js';
import {explainWatched} from '../tcp/explain.js';
import type {PortEvent} from '../watch/port/port-event.js';
import {PortWatch} from '../watch/port/port-watch.js';
import type {Output} from './output.js';
import {WatchLines} from './watch-lines.js';

const objectOf = (event: PortEvent): object =>
	event.type === 'step'
		? {type: 'step', ...event.step, explain: explainWatched(event.step)}
		: event;

/** The program at work; it ends by `leave()` alone, or in an error. */
export const startWatch = (
	options: WatchOptions,
	output: Output,
): {readonly ended: Promise<Ending>; readonly leave: () => void} => {
	const {address, isJson, isExplained} = options;
	const lines = new WatchLines(formatAddress(address), {
		isExplained,
		// On a terminal somebody watches, and wonders when it was.
		isTimed: options.isTimed || output.isTerminal,
		columns: output.isTerminal ? process.stdout.columns : Infinity,
	});
	const textOf = (event: PortEvent): string =>
		isJson
			? `${jsonSafe(JSON.stringify(objectOf(event)))}\n`
			: lines.linesOf(event);
	const watch = new PortWatch({
		address,
		clock: systemClock,
		async onEvents(events) {
			const texts = events.map(event => textOf(event));
			if (!output.write(texts.join(''))) {
				await output.drained();
			}
		},
	});
	const run = async (): Promise<Ending> => {
		await watch.run();
		return {hasFailed: false, isLate: false, isUnfinished: false};
	};

	return {
		ended: run(),
		leave() {
			watch.stop();
		},
	};
};

/**
 * `sockchat watch`: the sockets of other programs on a port, as lines or JSON.
 * It reads no stdin, and goes on until it is asked to leave.
 */
import process from 'node:process';
import type {Ending} from '../chat/ending.js';
import type {SockchatError} from '../errors.js';
import type {WatchOptions} from '../options/watch.js';
import {jsonSafe, toDisplay} from '../protocol/display.js';
import {formatAddress} from '../socket/address.js';
import {systemClock} from '../socket/clock.js';
import {explainWatched} from '../tcp/explain.js';
import type {PortEvent} from '../event/port-event.js';
import {CapturedResets} from '../watch/port/captured-resets.js';
import {capturePort} from '../watch/port/port-capture.js';
import {PortWatch} from '../watch/port/port-watch.js';
import {openErrors, type Output} from './output.js';
import {WatchLines} from './watch-lines.js';

const objectOf = (event: PortEvent): object =>
	event.type === 'step'
		? {type: 'step', ...event.step, explain: explainWatched(event.step)}
		: event;

const jsonLine = (value: object): string =>
	`${jsonSafe(JSON.stringify(value))}\n`;

/** The program at work; it ends by `leave()` alone, or in an error. */
export const startWatch = (
	options: WatchOptions,
	output: Output,
): {readonly ended: Promise<Ending>; readonly leave: () => void} => {
	const {address, capture, isExplained} = options;
	const isJson = options.output === 'json';
	const lines = new WatchLines(formatAddress(address), {
		isExplained,
		// On a terminal somebody watches, and wonders when it was.
		isTimed: options.isTimed || output.isTerminal,
		columns: output.isTerminal ? process.stdout.columns : Infinity,
	});
	const textOf = (event: PortEvent): string =>
		isJson ? jsonLine(objectOf(event)) : lines.linesOf(event);
	const resets = new CapturedResets();
	const write = (events: readonly PortEvent[]): boolean =>
		output.write(events.map(event => textOf(event)).join(''));
	const watch = new PortWatch({
		address,
		clock: systemClock,
		async onEvents(events) {
			if (!write(resets.without(events))) {
				await output.drained();
			}
		},
	});
	const captured =
		capture &&
		capturePort({
			address,
			file: capture.file,
			clock: systemClock,
			onSteps(steps) {
				resets.note(steps);
				write(steps.map(step => ({type: 'step', step})));
				watch.nudge();
			},
			onFailure(text, tone) {
				const at = systemClock.wallMs();
				if (isJson) {
					output.write(jsonLine({type: 'notice', at, tone, text}));
				} else {
					openErrors().write(`${toDisplay(text)}\n`);
				}
			},
		});
	const run = async (): Promise<Ending> => {
		let lost: SockchatError | undefined;
		try {
			// The first segments of those who come now are not missed.
			await captured?.begun;
			await watch.run();
		} finally {
			lost = await captured?.stop();
		}

		return {hasFailed: lost !== undefined, isLate: false, isUnfinished: false};
	};

	return {
		ended: run(),
		leave() {
			watch.stop();
		},
	};
};

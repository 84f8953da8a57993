/** Runs the screen of `sockchat watch`, until its reader leaves. */
import type {RunningScreen, ScreenEnding} from '../../chat/ending.js';
import type {SockchatError} from '../../errors.js';
import type {WatchOptions} from '../../options/watch.js';
import {formatAddress} from '../../socket/address.js';
import {systemClock} from '../../socket/clock.js';
import {createPortModel, reducePort} from '../../store/port-model.js';
import {Published} from '../../store/published.js';
import {capturePort} from '../../watch/port/port-capture.js';
import {PortWatch} from '../../watch/port/port-watch.js';
import type {ShownScreen, Terminal} from '../draw.js';
import {restCompilers} from '../memory.js';

/**
 * @throws {SockchatError} If the file of the capture can't be opened.
 */
export const runWatchScreen = async (
	{address, capture, isExplained, theme, hasMouse}: WatchOptions,
	terminal: Terminal,
): Promise<RunningScreen> => {
	const store = new Published(
		createPortModel(formatAddress(address), isExplained),
		systemClock,
		reducePort,
	);
	const watch = new PortWatch({
		address,
		clock: systemClock,
		async onEvents(events) {
			for (const event of events) {
				store.dispatch(event);
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
				store.dispatch({type: 'segments', steps});
				watch.nudge();
			},
			onFailure(text, tone) {
				if (tone === 'warn') {
					store.dispatch({type: 'capture', program: undefined});
				}

				store.dispatch({type: 'notice', text});
			},
		});
	const leave = () => {
		watch.stop();
	};

	const ended = async (): Promise<ScreenEnding> => {
		let lost: SockchatError | undefined;
		let screen: ShownScreen | undefined;
		try {
			restCompilers();
			const {showWatch} = await import('./show.js');
			screen = showWatch(store, {theme, hasMouse, onLeave: leave}, terminal);
			void screen.waitUntilExit().then(leave);
			await captured?.begun;
			store.dispatch({type: 'capture', program: captured?.program()});
			await watch.run();
		} finally {
			lost = await captured?.stop();
			await screen?.close();
		}

		return {
			error: lost,
			hasFailed: lost !== undefined,
			isLate: false,
			isUnfinished: false,
		};
	};

	return {ended: ended(), leave};
};

/** Starts the screen, and sees to it that the terminal is left as it was. */
import {render} from 'ink';
import type {SockchatError} from '../errors.js';
import {systemClock} from '../net/clock.js';
import type {Options} from '../options.js';
import type {ChatEvent} from '../store/event.js';
import {createModel} from '../store/model.js';
import {Store} from '../store/store.js';
import {App} from './app.js';
import {openScreenChat} from './screen-chat.js';

export type Terminal = {
	readonly stdin: NodeJS.ReadStream;
	readonly stdout: NodeJS.WriteStream;
};

export type Running = {
	/** Settles with the cause of the end; with none if it was wanted. */
	readonly closed: Promise<SockchatError | undefined>;
	/** Leaves in good order; called again, at once. */
	readonly leave: () => void;
};

/**
 * Opens the chat, shows it until its end, and gives the terminal back.
 *
 * @throws {SockchatError} Where the chat can't be opened.
 */
export const runScreen = async (
	options: Options,
	{stdin, stdout}: Terminal,
): Promise<Running> => {
	const early: ChatEvent[] = [];
	let dispatch = (event: ChatEvent) => {
		early.push(event);
	};

	const {chat, ...ways} = await openScreenChat(options, event => {
		dispatch(event);
	});
	const {mode, where} = chat;
	const own = chat.mode === 'room' ? chat : {id: '', nick: ''};
	const {id, nick} = own;
	const store = new Store(createModel({mode, where, id, nick}), systemClock);
	dispatch = store.dispatch;
	for (const event of early) {
		dispatch(event);
	}

	store.flush();
	// A connection refused at once is one sentence, not a screen that flashes.
	const isOver = chat.closed.then(() => 'over' as const);
	const settled = new Promise<'open'>(resolve => {
		setImmediate(resolve, 'open');
	});
	if ((await Promise.race([isOver, settled])) === 'over') {
		return {closed: chat.closed, leave: chat.leave};
	}

	const tap = () => {
		chat.setTap(true);
	};

	const redraw = () => {
		stdout.write(clearScreen);
		instance.clear();
		instance.rerender(app);
	};

	const app = (
		<App
			store={store}
			isExplained={options.isExplained}
			monotonicMs={systemClock.monotonicMs}
			onWireShown={tap}
			onLeave={chat.leave}
			onRedraw={redraw}
			{...ways}
		/>
	);
	const instance = render(app, {
		stdin,
		stdout,
		alternateScreen: true,
		incrementalRendering: true,
		// The store sets the pace; Ink's own throttle would hold up the keys.
		maxFps: 250,
		exitOnCtrlC: false,
		// It is a terminal, also where a CI variable is set.
		interactive: true,
	});
	const over = async () => {
		const cause = await Promise.race([
			chat.closed,
			// A throw while rendering: what it painted is lost with the screen.
			instance.waitUntilExit().then(() => undefined),
		]).finally(() => {
			instance.unmount();
		});
		await instance.waitUntilExit();
		return cause;
	};

	return {closed: over(), leave: chat.leave};
};

const clearScreen = '\u001B[2J\u001B[H';

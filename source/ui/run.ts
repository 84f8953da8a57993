/**
 * Runs the screen: opens the chat, waits for a first sign of it, shows it until
 * its end, and gives the terminal back.
 *
 * The chat is opened first, because Ink and React take longer to load than a
 * connection takes to be accepted.
 */
import type {SockchatError} from '../errors.js';
import {systemClock} from '../socket/clock.js';
import {startDeadline} from '../chat/deadline.js';
import {
	keptAdvice,
	losableLines,
	unconfirmedLines,
	unfinished,
	type RunningScreen,
	type ScreenEnding,
} from '../chat/ending.js';
import type {Options} from '../options/options.js';
import {toDisplay} from '../protocol/display.js';
import {remainsWords} from '../store/remains.js';
import type {Bell} from './bell.js';
import {restCompilers} from './memory.js';
import {createSignal, openChat, type OpenedChat} from './opened-chat.js';
import type {ScreenChat} from './screen-chat.js';
import type {Terminal} from './draw.js';
import {takesOsc} from './terminal/takes-osc.js';

/**
 * @throws {SockchatError} If the chat can't be opened.
 */
export const runScreen = async (
	options: Options,
	terminal: Terminal,
): Promise<RunningScreen> => {
	restCompilers();
	const bell: Bell = {
		...options.bell,
		...(!takesOsc(terminal.env['TERM']) && {notification: 'none'}),
	};
	const opened = await openChat(options, bell);
	const loading = import('./screen.js');
	const {chat} = opened;
	if (await isRefusedAtOnce(opened)) {
		opened.stop();
		const ended = chat.closed.then(cause => endingOf(chat, cause, false));
		return {ended, leave: chat.leave};
	}

	const end = startEnd(opened, options.timeoutMs);
	const {showScreen} = await loading;
	const {store, onPage, onSearch, screen} = opened;
	const instance = showScreen(
		{
			...screen,
			themeName: options.theme,
			hasMouse: options.hasMouse,
			store,
			bell,
			isExplained: options.isExplained,
			monotonicMs: systemClock.monotonicMs,
			wallMs: systemClock.wallMs,
			setTimer: systemClock.setTimer,
			onPage,
			onSearch,
			onHit(by) {
				const at = systemClock.wallMs();
				store.dispatch({type: 'reading', at, what: {kind: 'hit', by}});
			},
			onAttention(attention) {
				const at = systemClock.wallMs();
				const what = {kind: 'attention', attention} as const;
				store.dispatch({type: 'reading', at, what});
			},
			onWireShown() {
				chat.setTap(true);
			},
			company: () => (chat.mode === 'room' ? chat.company() : undefined),
			unstored: () => (chat.mode === 'room' ? losableLines(chat) : 0),
			onLeave: end.leave,
		},
		terminal,
	);
	const show = async () => {
		try {
			return await Promise.race([
				end.ending(),
				// After an error while rendering, what it painted is lost with the
				// alternate screen.
				instance.waitUntilExit().then(() => endingOf(chat, undefined, false)),
			]);
		} finally {
			end.cancelDeadline();
			opened.stop();
			await instance.close();
		}
	};

	const ended = async () => {
		const ending = await show();
		const words = remainsWords((await opened.remains.read()) ?? []);
		if (words !== undefined) {
			terminal.stdout.write(`${toDisplay(words)}\n`);
		}

		return ending;
	};

	return {ended: ended(), leave: end.leave};
};

/** What isn't confirmed of what was said, if so. */
const unconfirmed = (chat: ScreenChat['chat']): SockchatError | undefined => {
	const what = chat.mode === 'room' ? unconfirmedLines(chat) : undefined;
	return chat.mode === 'room' && what !== undefined
		? unfinished(what, keptAdvice(chat))
		: undefined;
};

const endingOf = (
	chat: ScreenChat['chat'],
	error: SockchatError | undefined,
	isLate: boolean,
	lostByHand?: SockchatError,
): ScreenEnding => {
	const lost = unconfirmed(chat) ?? lostByHand;
	return {
		error: error ?? lost,
		hasFailed: error !== undefined,
		isLate,
		isUnfinished: lost !== undefined,
	};
};

/**
 * A connection that is refused at once is one sentence, not a screen that
 * flashes; one that hangs is shown while it hangs.
 */
const isRefusedAtOnce = async ({
	chat,
	connected,
	hasConnected,
}: OpenedChat): Promise<boolean> => {
	const {promise: waitedLongEnough, resolve} = createSignal();
	const cancel = systemClock.setTimer(resolve, chat.role === 'serve' ? 0 : 150);
	const isRefused = await Promise.race([
		chat.closed.then(() => !hasConnected()),
		connected.then(() => false),
		waitedLongEnough.then(() => false),
	]);
	cancel();
	return isRefused;
};

/** The end of a chat that is shown: how to ask for it, and why it came. */
const startEnd = (
	{chat, screen, hasConnected, dials, redialled}: OpenedChat,
	timeoutMs: number | undefined,
) => {
	const {promise: left, resolve: onLeft} = createSignal();
	let wasLeft = false;
	const leave = () => {
		wasLeft = true;
		onLeft();
		chat.leave();
	};

	let late: SockchatError | undefined;
	const cancelDeadline = startDeadline({
		timeoutMs,
		clock: systemClock,
		missing: () => (hasConnected() ? undefined : 'Not connected'),
		onLate(error) {
			late = error;
			leave();
			leave();
		},
	});

	const endedBy = async (cause: SockchatError | undefined) => {
		const lost = await chat.endCapture();
		const error = late ?? cause ?? lost;
		return endingOf(chat, error, late !== undefined, await screen.lost?.());
	};

	return {
		leave,
		cancelDeadline,
		async ending(): Promise<ScreenEnding> {
			for (;;) {
				const dialled = dials();
				// eslint-disable-next-line no-await-in-loop -- one after the other
				const cause = await chat.closed;
				const isOver = chat.mode === 'room' || !hasConnected() || wasLeft;
				if (isOver) {
					return endedBy(cause);
				}

				if (dials() > dialled) {
					continue;
				}

				// The other side often ends first, and its answer should stay
				// readable.
				const at = systemClock.wallMs();
				const dialling =
					chat.role === 'connect' ? '/connect dials again, ' : '';
				const text = `The connection has ended; ${dialling}Ctrl-C or /quit leaves.`;
				screen.emit({type: 'notice', at, tone: 'info', text});
				// eslint-disable-next-line no-await-in-loop -- as long as it is read
				await Promise.race([left, redialled()]);
				if (wasLeft) {
					return endedBy(cause);
				}
			}
		},
	};
};

/** Runs the screen of `sockchat proxy`, until its reader leaves. */
import {Buffer} from 'node:buffer';
import type {Ending} from '../../chat/ending.js';
import {openProxy} from '../../chat/open-proxy.js';
import {SockchatError} from '../../errors.js';
import type {Look} from '../../event/event.js';
import type {ProxyEvent} from '../../event/proxy-event.js';
import {createLooks} from '../../hand/looks.js';
import type {ProxyOptions} from '../../options/proxy.js';
import {formatAddress} from '../../socket/address.js';
import {systemClock} from '../../socket/clock.js';
import {createModel} from '../../store/model.js';
import {proxyWordsOf} from '../../store/proxy-notice.js';
import type {ModelEvent} from '../../store/reduce.js';
import {Store} from '../../store/store.js';
import {WireTap} from '../../watch/wire-tap.js';
import type {Terminal} from '../draw.js';
import {restCompilers} from '../memory.js';
import {followDays} from '../transcript/follow-days.js';
import {createProxyLines, ownCommands, slashNames} from './lines.js';

const look: Look = {isPretty: false, isTimed: false, isOpen: false};

export type RunningProxyScreen = {
	/** With what to report now that the screen is gone, a line each. */
	readonly ended: Promise<Ending & {readonly errors: readonly SockchatError[]}>;
	readonly leave: () => void;
};

const maxSaidLosses = 10;

/** What went wrong, as far as it's still to be said without the screen. */
class Failures {
	readonly #losses: SockchatError[] = [];
	#lossCount = 0;
	#last: SockchatError | undefined;

	add(error: SockchatError): void {
		this.#last = error;
		if (error.code === 'ERR_NOT_SENT') {
			this.#lossCount++;
			if (this.#losses.length < maxSaidLosses) {
				this.#losses.push(error);
			}
		}
	}

	/** What was lost is why the exit code isn't 0; else what came last. */
	get said(): readonly SockchatError[] {
		const more = this.#lossCount - this.#losses.length;
		if (more > 0) {
			const text = `Bytes of ${more} more ${more === 1 ? 'connection' : 'connections'} were read and not passed on.`;
			return [...this.#losses, new SockchatError('ERR_NOT_SENT', text)];
		}

		return this.#lossCount === 0 && this.#last ? [this.#last] : this.#losses;
	}
}

/** What happens, as the store takes it. */
const createTranslator = (emit: (event: ModelEvent) => void) => {
	const tap = new WireTap(systemClock, emit);
	// From the first byte on, for whoever opens the view of the wire later.
	tap.isOn = true;
	return (event: ProxyEvent): void => {
		switch (event.type) {
			case 'chunk': {
				const {direction, peer, bytes, frame} = event;
				const {buffer, byteOffset, length} = bytes;
				const chunk = Buffer.from(buffer, byteOffset, length);
				emit(event);
				tap.note(direction, peer, chunk, frame);
				break;
			}

			case 'target':
			case 'fin': {
				emit({type: 'notice', at: event.at, ...proxyWordsOf(event)!});
				break;
			}

			case 'ends': {
				break;
			}

			case 'accepted': {
				tap.forget(event.peer);
				emit(event);
				break;
			}

			case 'ended': {
				tap.forget(event.peer);
				emit(event);
				if (event.link) {
					// No connection from a client has ended, but that to a target may have.
					emit({type: 'notice', at: event.at, ...proxyWordsOf(event)!});
				}

				break;
			}

			default: {
				emit(event);
			}
		}
	};
};

/** @throws {SockchatError} If a file is wrong, or it can't listen. */
export const runProxyScreen = async (
	options: ProxyOptions,
	terminal: Terminal,
): Promise<RunningProxyScreen> => {
	restCompilers();
	const loading = import('../screen.js');
	// The store needs to know where it listens, and events come before that.
	const early: ModelEvent[] = [];
	let emit = (event: ModelEvent) => {
		early.push(event);
	};

	const failures = new Failures();
	const translate = createTranslator(event => {
		emit(event);
	});
	const proxy = await openProxy(options, {
		isWatched: true,
		hasEnds: false,
		onEvent: translate,
		onPairs(event) {
			emit(event);
		},
		onSockets(side, event) {
			emit(side === 'client' ? event : {type: 'beyond', event});
		},
		onFailure(error, peer) {
			const text =
				peer === undefined ? error.message : `${peer}: ${error.message}`;
			failures.add(new SockchatError(error.code, text));
			emit({type: 'notice', at: systemClock.wallMs(), tone: 'bad', text});
		},
	});
	const store = new Store(
		createModel({
			mode: 'raw',
			where: formatAddress(proxy.address),
			target: formatAddress(options.target.address),
		}),
		systemClock,
	);
	emit = store.dispatch;
	for (const event of early) {
		emit(event);
	}

	const stopDays = followDays(systemClock, store.dispatch);
	store.flush();
	const turn = createLooks(look, change => {
		emit({type: 'look', at: systemClock.wallMs(), look: change});
	});
	const {showScreen} = await loading;
	const instance = showScreen(
		{
			themeName: options.theme,
			hasMouse: options.hasMouse,
			bell: {isOn: false, notification: 'none'},
			store,
			rules: {limitBytes: Infinity, sendsBlank: false},
			commands: slashNames,
			own: ownCommands,
			typedLines: [],
			hint: 'a command, such as /delay 200 out; /help, /quit',
			peers: proxy.clients,
			isExplained: options.isExplained,
			monotonicMs: systemClock.monotonicMs,
			wallMs: systemClock.wallMs,
			setTimer: systemClock.setTimer,
			onLine: createProxyLines({proxy, emit: store.dispatch, turn}),
			onOpen() {
				const text = turn('open', undefined);
				emit({type: 'notice', at: systemClock.wallMs(), tone: 'info', text});
			},
			onStop() {
				// No file is sent here.
			},
			onPage() {
				// Nothing older is kept anywhere.
			},
			onSearch() {
				// Bytes are not searched.
			},
			onHit() {
				// As there are no searches.
			},
			onAttention(attention) {
				const at = systemClock.wallMs();
				const what = {kind: 'attention', attention} as const;
				store.dispatch({type: 'reading', at, what});
			},
			onWireShown() {
				// It is recorded from the first byte on.
			},
			company: () => undefined,
			unstored: () => 0,
			onLeave: proxy.leave,
		},
		terminal,
	);
	const ended = async () => {
		try {
			const gone = instance.waitUntilExit().then(async () => {
				// An error while drawing leaves nobody to type /quit.
				proxy.leave();
				proxy.leave();
				return proxy.ended;
			});
			const ending = await Promise.race([proxy.ended, gone]);
			const hasTrouble = ending.hasFailed || ending.isUnfinished;
			return {...ending, errors: hasTrouble ? failures.said : []};
		} finally {
			stopDays();
			await instance.close();
		}
	};

	return {ended: ended(), leave: proxy.leave};
};

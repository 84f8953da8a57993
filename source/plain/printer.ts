/** Events → stdout and stderr, as lines or as JSON. */
import type {Readable, Writable} from 'node:stream';
import type {KernelSocket, Step} from '../tcp/tcp.js';
import type {SockchatError} from '../errors.js';
import type {
	FrontOptions,
	Options,
	RoomModeOptions,
} from '../options/options.js';
import {ByteText} from '../protocol/byte-text.js';
import {display, toDisplay, type DisplayText} from '../protocol/display.js';
import {layOut} from '../protocol/pretty.js';
import {textWithCommands} from '../protocol/foreign/telnet.js';
import type {Joined, Left, Renamed} from '../protocol/frame.js';
import {isWanted} from '../event/event-names.js';
import type {ChatEvent, Look, RawEvent, Tone} from '../event/event.js';
import {ChunkObjects} from '../recording/chunk-objects.js';
import {systemClock} from '../socket/clock.js';
import {comingsText} from '../store/comings-words.js';
import {comingsOf, foldItems} from '../store/comings.js';
import {
	hide,
	ignore,
	nothingHidden,
	quiet,
	type Changed,
} from '../store/hiding.js';
import {lockedOutText, reduceLockedOut} from '../store/locked-out.js';
import {outageText, reduceOutage, type Outage} from '../store/relay-outage.js';
import {remainsWords} from '../store/remains.js';
import {jsonError, jsonLine, jsonRemains} from './json.js';
import {linesOf} from './lines.js';
import {isCall} from './mention.js';
import {chunkHead, withTime} from './times.js';
import type {Output} from './output.js';

const bell = '\u0007';

export type Streams = {
	readonly stdin: Readable;
	/** Whether stdin is a terminal: it needn't be opened to know. */
	readonly isTyped: boolean;
	readonly stdout: Output;
	readonly stderr: Writable;
};

/** A coming or going. */
const presenceIn = (event: ChatEvent) =>
	event.type === 'frame' &&
	(event.frame.type === 'joined' ||
		event.frame.type === 'left' ||
		event.frame.type === 'renamed')
		? event.frame
		: undefined;

/** Whether nothing older can follow: pages of the log don't wait for these. */
const endsReplay = (event: ChatEvent): boolean =>
	event.type === 'frame'
		? event.frame.type === 'pong' ||
			event.frame.type === 'error' ||
			event.frame.type === 'bye'
		: event.type === 'notice' ||
			(event.type === 'connection' && event.connection.phase !== 'open');

/** The connection by which somebody comes or goes, as a host sees it. */
const isComing = (event: ChatEvent): boolean =>
	event.type === 'accepted' ||
	(event.type === 'ended' && event.reason !== 'protocol');

export class Printer {
	/** The member's own public id, once it is known. */
	id = '';
	/** The member's nick, once it is known. */
	nick = '';
	#hiding = nothingHidden;
	/**
	 * Comings and goings from before one came, or came back: they wait for what
	 * stands after them.
	 */
	#past: Array<Joined | Left | Renamed> = [];
	/** What the welcome said, which waits for all that is older: up to `head`. */
	#greeting:
		| {
				readonly head: number;
				readonly lines: DisplayText;
				readonly isReturn: boolean;
		  }
		| undefined;

	/** Whether a welcome came: what another one brings is no replay. */
	#wasWelcome = false;
	#outage: Outage;
	#isInMemory = false;
	#isLockedOut = false;
	#isSilent = false;
	/** Whether the relay's own news are printed. */
	#hasRelayNews = false;
	/** The last state printed for each end, while it is only inferred. */
	readonly #inferred = new Map<string, string>();
	readonly #isUnix: boolean;
	/** What each peer of raw mode says, as text. */
	readonly #texts = new Map<string, ByteText>();
	#look: Look;
	/** When the last chunk came or went. */
	#chunkAt: number | undefined;
	readonly #chunks = new ChunkObjects();
	readonly #options: FrontOptions | Options;
	readonly #streams: Streams;

	constructor(options: FrontOptions | Options, streams: Streams) {
		this.#options = options;
		this.#isUnix = 'address' in options && options.address.kind === 'unix';
		this.#look = {
			isPretty: false,
			isTimed: options.isTimed,
			isOpen: true,
		};
		this.#streams = streams;
	}

	/** @returns Whether to print more now; if not, wait for `drained()`. */
	print(event: ChatEvent): boolean {
		if (endsReplay(event)) {
			this.#greet();
		}

		const hasRoom = this.#print(event);
		if (
			event.type === 'frame' &&
			'seq' in event.frame &&
			event.frame.seq >= (this.#greeting?.head ?? Infinity)
		) {
			this.#greet();
		}

		return hasRoom;
	}

	#print(event: ChatEvent): boolean {
		if (event.type === 'look') {
			this.#look = {...this.#look, ...event.look};
		}

		this.#forgetEnded(event);

		const {output, isQuiet, events} = this.#options;
		const {stdout} = this.#streams;
		if (output === 'json') {
			const line = jsonLine(
				event,
				this.id,
				type => isWanted(type, events),
				this.#chunks,
			);
			return line === undefined || stdout.write(line);
		}

		if (event.type === 'chunk') {
			return this.#printChunk(event);
		}

		if (this.#hiding.isQuiet && isComing(event)) {
			return true;
		}

		this.#seeLock(event);
		this.#seeSilence(event);
		this.#hasRelayNews ||= event.type === 'relay';
		if (event.type === 'frame') {
			this.#seeOutage(event);
			const {isHidden, hiding} = hide(this.#hiding, event.frame, this.id);
			this.#hiding = hiding;
			if (isHidden) {
				return true;
			}
		}

		const isWorded = 'isPrompted' in this.#options && this.#options.isPrompted;
		if (isWorded && !isQuiet) {
			const frame = presenceIn(event);
			const isMissed = frame !== undefined && this.#isMissed(frame.seq);
			// That the server went, and that one is back, is said anyway.
			if (isMissed && frame.type !== 'renamed' && frame.id === this.id) {
				return true;
			}

			if (frame && (isMissed || (event.type === 'frame' && event.isReplay))) {
				this.#past.push(frame);
				return true;
			}
		}

		const isCalled =
			event.type === 'frame' && !event.isReplay && isCall(event.frame, this);
		const {out, err} = linesOf(event, {
			isQuiet,
			isExplained: this.#options.isExplained,
			id: this.id,
			isOwnHidden: !isQuiet && this.#streams.isTyped,
			isCall: isCalled,
			isWorded,
			isUnix: this.#isUnix,
			isConfirmed: event.type === 'step' && this.#isConfirmed(event.step),
		});
		// Much comes between two old entries that prints nothing.
		if (isWorded && !isQuiet && (out ?? err) !== undefined) {
			this.#printPast();
		}

		const timed = (lines: DisplayText) =>
			this.#look.isTimed ? withTime(lines, event) : lines;
		const isGreeting = event.type === 'frame' && event.frame.type === 'welcome';
		if (err !== undefined && isGreeting && isWorded) {
			this.#holdGreeting(event.frame.head, timed(err));
		} else if (err !== undefined) {
			this.#streams.stderr.write(timed(err));
		}

		if (isCalled && isWorded && !isQuiet && this.#options.bell.isOn) {
			stdout.write(bell);
		}

		return out === undefined || stdout.write(timed(out));
	}

	#holdGreeting(head: number, lines: DisplayText): void {
		this.#greeting = {head, lines, isReturn: this.#wasWelcome};
		const {lastMessages} = this.#options as Partial<RoomModeOptions>;
		// Nothing is replayed with --last 0, and nothing is older in a new room.
		if (head === 0 || (!this.#wasWelcome && lastMessages === 0)) {
			this.#greet();
		}

		this.#wasWelcome = true;
	}

	/** Whether an entry was made while one was away. */
	#isMissed(seq: number): boolean {
		return this.#greeting?.isReturn === true && seq <= this.#greeting.head;
	}

	/** Says what the welcome said, below all that is older. */
	#greet(): void {
		if (this.#greeting) {
			const {lines} = this.#greeting;
			this.#greeting = undefined;
			this.#printPast();
			this.#streams.stderr.write(lines);
		}
	}

	/** A run of old comings and goings, in one line. */
	#printPast(): void {
		const frames = this.#past.filter(
			frame => frame.type === 'renamed' || !frame.oneShot,
		);
		this.#past = [];
		const [run] = foldItems(
			frames.map(frame => comingsOf(frame, this.#isUnix)),
		);
		const frame = frames.at(-1);
		if (run?.kind === 'comings' && frame) {
			const line = display`-- ${comingsText(run, true)}\n`;
			const {at} = frame;
			this.#streams.stdout.write(
				this.#look.isTimed ? withTime(line, {type: 'frame', at, frame}) : line,
			);
		}
	}

	/** Prints what was waited for, whatever else is printed. */
	printFound(event: ChatEvent): void {
		const {output, events = []} = this.#options;
		const type = event.type === 'frame' ? event.frame.type : event.type;
		const isPrinted = output === 'json' && isWanted(type, events);
		if (!isPrinted) {
			const options = {...this.#options, isQuiet: false, events: undefined};
			new Printer(options, this.#streams).print(event);
		}
	}

	/** The answer to a command; it goes where the transcript goes. */
	answer(text: string): void {
		const {output, isQuiet} = this.#options;
		if (output === 'json') {
			this.#notice('info', text);
		} else if (!isQuiet) {
			this.#greet();
			this.#streams.stdout.write(display`-- ${text}\n`);
		}
	}

	/**
	 * What the sockets leave in the kernel.
	 *
	 * @param read Undefined if the kernel's table can't be read.
	 */
	async printRemains(
		read: () => Promise<readonly KernelSocket[] | undefined>,
	): Promise<void> {
		if (!this.#wantsRemains) {
			return;
		}

		const sockets = await read();
		const {stdout} = this.#streams;
		if (this.#options.output === 'json') {
			stdout.write(jsonRemains(systemClock.wallMs(), sockets));
			return;
		}

		const words = remainsWords(sockets ?? []);
		if (words !== undefined) {
			this.#streams.stderr.write(`${toDisplay(words)}\n`);
		}
	}

	/** Leaves out of the lines what somebody says, or no longer. */
	ignore(nick: string | undefined, ownNick: string): void {
		this.#hide(ignore(this.#hiding, nick, ownNick));
	}

	/** Leaves comings and goings out of the lines, or no longer. */
	quiet(): void {
		this.#hide(quiet(this.#hiding));
	}

	/** Why a command was refused. */
	refuse(text: string): void {
		this.#notice('bad', text);
	}

	/** @param line The number of the line of stdin that it is about. */
	printError(error: SockchatError, line?: number): void {
		const {stdout} = this.#streams;
		if (this.#options.output === 'json' && stdout.failure === undefined) {
			stdout.write(jsonError(error, line));
		} else {
			const where = line === undefined ? '' : `Line ${line}: `;
			this.#streams.stderr.write(`${where}${toDisplay(error.message)}\n`);
		}
	}

	#seeLock(event: ChatEvent): void {
		if (event.type !== 'connection') {
			return;
		}

		const wasLockedOut = this.#isLockedOut;
		this.#isLockedOut = reduceLockedOut(wasLockedOut, event.connection);
		if (this.#isLockedOut && !wasLockedOut && !this.#options.isQuiet) {
			this.#warn(lockedOutText, event);
		}
	}

	/** A screen shows the phase; here the silence would be the last word on it. */
	#seeSilence(event: ChatEvent): void {
		if (event.type !== 'connection') {
			return;
		}

		const {phase} = event.connection;
		if (this.#isSilent && phase === 'open' && !this.#options.isQuiet) {
			this.#warn('The server is heard again.', event);
		}

		this.#isSilent = phase === 'silent';
	}

	#warn(text: string, event: ChatEvent): void {
		const line = display`${text}\n`;
		const {isTimed} = this.#look;
		this.#streams.stderr.write(isTimed ? withTime(line, event) : line);
	}

	#seeOutage(event: Extract<ChatEvent, {type: 'frame'}>): void {
		const {frame} = event;
		if (frame.type === 'welcome') {
			this.#isInMemory = frame.inMemory === true;
		}

		const outage = reduceOutage(this.#outage, frame);
		const {isQuiet} = this.#options;
		if (outage && !this.#outage && !this.#hasRelayNews && !isQuiet) {
			this.#warn(outageText(this.#isInMemory), event);
		}

		this.#outage = outage;
	}

	/** Whether anybody wants to know what the sockets leave in the kernel. */
	get #wantsRemains(): boolean {
		const {output, isQuiet, isExplained, events} = this.#options;
		const {message, awaited} = this.#options;
		const hasTask = message !== undefined || awaited !== undefined;
		// What a person types at; others didn't ask.
		const isTyped = () =>
			!hasTask && this.#streams.stdout.isTerminal && this.#streams.isTyped;
		return output === 'json'
			? isWanted('remains', events)
			: !isQuiet && (isExplained || isTyped());
	}

	#hide({hiding, text}: Changed): void {
		if (this.#options.output === 'json') {
			this.answer('JSON has all events; --events chooses among them.');
		} else {
			this.#hiding = hiding;
			this.answer(text);
		}
	}

	#notice(tone: Tone, text: string): void {
		this.print({type: 'notice', at: systemClock.wallMs(), tone, text});
	}

	#isConfirmed(step: Step): boolean {
		if (step.kind !== 'state') {
			return false;
		}

		const {end, peer = '', state, evidence} = step;
		const key = `${end} ${peer}`;
		const isPrinted = this.#inferred.get(key) === state;
		if (evidence === 'inferred') {
			this.#inferred.set(key, state);
		} else {
			this.#inferred.delete(key);
		}

		return isPrinted && evidence === 'read';
	}

	/** What is left of a character of a connection is not of the next one's. */
	#forgetEnded(event: ChatEvent): void {
		if (event.type === 'ended') {
			this.#texts.delete(event.peer);
			this.#chunks.forget(event.peer);
		} else if (
			event.type === 'connection' &&
			event.connection.phase === 'connecting'
		) {
			// Of a client no event says that the connection before has ended.
			this.#texts.delete('');
			this.#chunks.forget(undefined);
		}
	}

	/** Exact bytes, but made safe on a terminal. */
	#printChunk({at, direction, peer = '', bytes}: RawEvent): boolean {
		const sinceMs =
			this.#chunkAt === undefined ? undefined : at - this.#chunkAt;
		this.#chunkAt = at;
		if (direction === 'out') {
			return true;
		}

		const {stdout} = this.#streams;
		if (!stdout.isTerminal) {
			return stdout.write(bytes);
		}

		const decoder = this.#texts.get(peer) ?? new ByteText(textWithCommands);
		this.#texts.set(peer, decoder);
		const {isPretty, isTimed} = this.#look;
		const text = decoder.push(bytes);
		const rows = isPretty ? layOut(text) : undefined;
		if (isTimed) {
			stdout.write(`${chunkHead(at, bytes.length, sinceMs)}\n`);
		}

		const shown = rows
			? `${rows.map(row => row.replace(/\n$/u, '')).join('\n')}\n`
			: text;
		return stdout.write(toDisplay(shown, {lines: 'keep'}));
	}
}

/**
 * Runs a lesson: opens the learner's socket, plays the other side, and watches
 * what really happens.
 */
import {execFile} from 'node:child_process';
import {openRaw, type RawChat} from '../chat/open-raw.js';
import {parseRawLine} from '../commands/parse.js';
import type {RawHands} from '../commands/hands.js';
import {SockchatError} from '../errors.js';
import type {ChatEvent} from '../event/event.js';
import {defaultHost} from '../protocol/frame.js';
import {requireLoopback, type LoopbackAddress} from '../socket/address.js';
import type {Clock} from '../socket/clock.js';
import {freePorts} from '../socket/listen.js';
import {seenBy} from '../tcp/step-time.js';
import {PortWatch} from '../watch/port/port-watch.js';
import {factOf, type Fact} from './condition.js';
import {parseLesson, type Move} from './lesson.js';
import {
	advance,
	startProgress,
	type Advance,
	type Effect,
	type Progress,
	type Signal,
} from './progress.js';
import {Python} from './python.js';
import {Transfers} from './transfers.js';

export type TutorOptions = {
	/** A page of docs/lessons. */
	readonly markdown: string;
	readonly clock: Clock;
	/** How long a learner may look for a solution before a hint comes. */
	readonly hintAfterMs: number;
	readonly onEvent: (event: ChatEvent) => void;
	readonly onProgress: (progress: Progress) => void;
	readonly onAgain: () => void;
	readonly onLeave: () => void;
	/** The other side can't be played. */
	readonly onFailed: (error: SockchatError) => void;
};

/** What the learner's lines do to the screen. */
export type ScreenHands = Pick<RawHands, 'view'>;

type TcpAddress = Extract<LoopbackAddress, {kind: 'tcp'}>;

const placeholder = /\b500\d\b/g;

// The port of the server, on each page.
const serverPort = '5001';

/** Free ports for those of a page, so that its commands can be tried. */
const choosePorts = async (
	markdown: string,
): Promise<ReadonlyMap<string, number>> => {
	const wanted = [
		...new Set([serverPort, ...(markdown.match(placeholder) ?? [])]),
	];
	const ports = await freePorts(defaultHost, wanted.length);
	return new Map(wanted.map((port, index) => [port, ports[index]!]));
};

// Long enough for what `ss` prints on a slow machine.
const shellMs = 5000;

const runShell = async (line: string): Promise<string> =>
	new Promise(resolve => {
		execFile(
			'sh',
			['-c', line],
			{timeout: shellMs},
			(error, stdout, stderr) => {
				resolve(error ? stderr : stdout);
			},
		);
	});

export class Tutor {
	progress: Progress;
	/** The server's address. */
	readonly where: TcpAddress;
	readonly #options: TutorOptions;
	readonly #pythons = new Map<number, Python>();
	#chat: RawChat | undefined;
	#portWatch: PortWatch | undefined;
	#cancelHint = () => {};
	#hasStopped = false;

	private constructor(
		options: TutorOptions,
		ports: ReadonlyMap<string, number>,
	) {
		this.#options = options;
		const markdown = options.markdown.replaceAll(placeholder, port =>
			String(ports.get(port)),
		);
		this.progress = startProgress(parseLesson(markdown)).progress;
		this.where = requireLoopback({
			kind: 'tcp',
			host: defaultHost,
			port: ports.get(serverPort)!,
		}) as TcpAddress;
	}

	/** Chooses ports; nothing is opened before `start()`. */
	static async prepare(options: TutorOptions): Promise<Tutor> {
		return new Tutor(options, await choosePorts(options.markdown));
	}

	start(): void {
		this.#apply(startProgress(this.progress.lesson));
	}

	/** A line that the learner has submitted. */
	submit(line: string, hands: ScreenHands): void {
		this.#signal({type: 'line', line}, hands);
	}

	/** Lets go of all sockets and programs. */
	stop(): void {
		this.#hasStopped = true;
		this.#cancelHint();
		this.#portWatch?.stop();
		this.#chat?.leave();
		// Once more, so that nothing is waited for.
		this.#chat?.leave();
		for (const python of this.#pythons.values()) {
			python.stop();
		}
	}

	#signal(signal: Signal, hands?: ScreenHands): void {
		if (!this.#hasStopped) {
			this.#apply(advance(this.progress, signal), hands);
		}
	}

	#apply({progress, effects}: Advance, hands?: ScreenHands): void {
		this.progress = progress;
		this.#options.onProgress(progress);
		for (const effect of effects) {
			this.#perform(effect, hands);
		}
	}

	#perform(effect: Effect, hands: ScreenHands | undefined): void {
		switch (effect.type) {
			case 'play': {
				void this.#play(effect.move);
				break;
			}

			case 'perform': {
				this.#type(effect.line, hands!);
				break;
			}

			case 'wait': {
				const {clock, hintAfterMs} = this.#options;
				this.#cancelHint();
				this.#cancelHint = clock.setTimer(() => {
					this.#signal({type: 'waited'});
				}, hintAfterMs);
				break;
			}

			case 'again': {
				this.#options.onAgain();
				break;
			}

			case 'leave': {
				this.#options.onLeave();
				break;
			}
		}
	}

	async #play(move: Exclude<Move, {by: 'learner'}>): Promise<void> {
		try {
			const [line, output] = await this.#make(move);
			this.#signal({type: 'played', line, output});
		} catch (error) {
			if (!(error instanceof SockchatError)) {
				throw error;
			}

			this.#options.onFailed(error);
		}
	}

	/** @returns The line as it is shown, and what it printed. */
	async #make(
		move: Exclude<Move, {by: 'learner'}>,
	): Promise<readonly [string, string]> {
		if (move.by === 'shell') {
			return [`$ ${move.line}`, await runShell(move.line)];
		}

		if (move.by === 'watch') {
			this.#watch();
			return ['$ sockchat watch --plain', ''];
		}

		if (move.by === 'sockchat') {
			await this.#open(move);
			return [`$ sockchat ${move.command} --raw`, ''];
		}

		const {terminal, line} = move;
		const python = this.#pythons.get(terminal) ?? new Python();
		this.#pythons.set(terminal, python);
		return [`>>> ${line}`, await python.run(line)];
	}

	async #open({
		command,
		localPort,
	}: Extract<Move, {by: 'sockchat'}>): Promise<void> {
		const common = {
			address: this.where,
			isWatched: true,
			isPipe: false,
		} as const;
		this.#chat = await openRaw(
			command === 'serve'
				? {...common, command, backlog: undefined}
				: {
						...common,
						command,
						localPort: localPort === undefined ? undefined : Number(localPort),
					},
			event => {
				this.#see(event);
			},
		);
		this.#chat.setTap(true);
	}

	#watch(): void {
		const {clock, onFailed} = this.#options;
		const transfers = new Transfers();
		const watch = new PortWatch({
			address: this.where,
			clock,
			onEvents: async events => {
				for (const event of events) {
					const step = transfers.stepOf(event);
					if (step) {
						this.#see({type: 'step', at: seenBy(step), step});
					}
				}
			},
		});
		this.#portWatch = watch;
		watch.run().catch(onFailed);
	}

	#see(event: ChatEvent): void {
		this.#options.onEvent(event);
		const fact = factOf(event);
		if (fact) {
			this.#fact(fact);
		}
	}

	#fact(fact: Fact): void {
		this.#signal({type: 'fact', fact});
	}

	#type(line: string, {view}: ScreenHands): void {
		const notice = (tone: 'info' | 'bad', text: string) => {
			this.#signal({type: 'notice', isBad: tone === 'bad', text});
		};

		const chat = this.#chat;
		if (!chat) {
			notice('bad', 'You have no socket here; Enter goes on, /hint helps.');
			return;
		}

		parseRawLine(line)({
			say(text) {
				void chat.write(Buffer.from(`${text}\n`));
			},
			sayTo() {
				notice('bad', 'Nobody else is here to choose.');
			},
			control: chat.control,
			notice,
			leave: this.#options.onLeave,
			clear() {
				notice('bad', 'There is nothing to clear in a lesson.');
			},
			help() {
				notice(
					'bad',
					'Do what the lesson says; /hint helps, /again starts it again.',
				);
			},
			byHand() {
				notice(
					'bad',
					'That is no part of a lesson; sockchat connect --raw has it.',
				);
			},
			view: name => {
				view(name);
				this.#fact({kind: 'view', view: name, peer: undefined});
			},
		});
	}
}

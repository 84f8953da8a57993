/**
 * Runs a lesson: opens the learner's socket, plays the other side, and watches
 * what really happens.
 */
import {execFile} from 'node:child_process';
import {freshIdentity} from '../client/identity.js';
import {assertNever, SockchatError} from '../errors.js';
import type {ChatEvent} from '../event/event.js';
import {defaultHost} from '../protocol/frame.js';
import {requireLoopback, type LoopbackAddress} from '../socket/address.js';
import type {Clock} from '../socket/clock.js';
import {freePorts} from '../socket/listen.js';
import {seenBy} from '../tcp/step-time.js';
import type {Step} from '../tcp/tcp.js';
import type {Capture} from '../watch/capture.js';
import {capturePort} from '../watch/port/port-capture.js';
import {PortWatch} from '../watch/port/port-watch.js';
import {
	advance,
	startProgress,
	type Advance,
	type Effect,
	type Signal,
} from './advance.js';
import {MemberFacts, type Fact} from './condition.js';
import {Host} from './host.js';
import {parseLesson, type Move} from './lesson.js';
import {
	openOwnMember,
	openOwnRaw,
	type LineHands,
	type OwnSocket,
} from './own-socket.js';
import type {Progress} from './progress.js';
import {Python} from './python.js';
import {Transfers} from './transfers.js';

export type TutorOptions = {
	/** A page of docs/lessons. */
	readonly markdown: string;
	/** How this program is run: the executable, then its arguments. */
	readonly program: readonly string[];
	readonly clock: Clock;
	/** How long a learner may look for a solution before a hint comes. */
	readonly hintAfterMs: number;
	/** Whether the segments are captured, too. */
	readonly isCaptured: boolean;
	readonly onEvent: (event: ChatEvent) => void;
	readonly onProgress: (progress: Progress) => void;
	readonly onAgain: () => void;
	readonly onLeave: () => void;
	/** The other side can't be played. */
	readonly onFailed: (error: SockchatError) => void;
};

/** What the learner's lines do to the screen. */
export type ScreenHands = Pick<LineHands, 'view'>;

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
	const ports = [...(await freePorts(defaultHost, wanted.length))];
	return new Map(wanted.map((port, index) => [port, ports[index]!]));
};

const endedSentence = 'The other side has ended, before the lesson has.';

// It was free when the lesson began.
const takenSentence = 'Another program has taken the port of this lesson.';

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
	/** Whose lines are one's own, in a room. */
	readonly identity = freshIdentity();
	readonly #options: TutorOptions;
	readonly #pythons = new Map<number, Python>();
	readonly #facts = new MemberFacts();
	#own: OwnSocket | undefined;
	#host: Host | undefined;
	#portWatch: PortWatch | undefined;
	#capture: Capture | undefined;
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
		void this.#capture?.stop();
		this.#own?.stop();
		this.#host?.stop();
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

			switch (error.code) {
				case 'ERR_LOST': {
					this.#signal({type: 'broken', sentence: endedSentence});
					break;
				}

				case 'ERR_PORT_TAKEN': {
					this.#signal({type: 'broken', sentence: takenSentence});
					break;
				}

				// Its port may be taken, and the next run has another one.
				case 'ERR_REFUSED': {
					this.#signal({type: 'broken', sentence: error.message});
					break;
				}

				default: {
					this.#options.onFailed(error);
				}
			}
		}
	}

	/** @returns What was said meanwhile, such as that nothing is captured. */
	async #open(
		open: (emit: (event: ChatEvent) => void) => Promise<OwnSocket>,
	): Promise<string> {
		const said: string[] = [];
		this.#own = await open(event => {
			if (event.type === 'notice') {
				said.push(event.text);
			}

			this.#see(event);
		});
		if (this.#hasStopped) {
			this.#own.stop();
		}

		return said.join('\n');
	}

	/** A command of sockchat, as it would be typed. */
	#withCapture(line: string): string {
		return this.#options.isCaptured ? `${line} --capture` : line;
	}

	/** @returns The line as it is shown, and what it printed. */
	async #make(
		move: Exclude<Move, {by: 'learner'}>,
	): Promise<readonly [string, string]> {
		const {isCaptured} = this.#options;
		switch (move.by) {
			case 'shell': {
				return [`$ ${move.line}`, await runShell(move.line)];
			}

			case 'watch': {
				const said = await this.#watch();
				return [this.#withCapture('$ sockchat watch --plain'), said];
			}

			case 'sockchat': {
				const said = await this.#open(async emit =>
					openOwnRaw(move, this.where, isCaptured, emit),
				);
				return [this.#withCapture(`$ sockchat ${move.command} --raw`), said];
			}

			case 'member': {
				const said = await this.#open(async emit =>
					openOwnMember(move, this.identity, this.where, isCaptured, emit),
				);
				return [this.#withCapture(`$ ${move.line}`), said];
			}

			case 'host': {
				await this.#openHost(move.words);
				return [`$ ${move.line}`, ''];
			}

			case 'signal': {
				this.#host?.signal(move.signal);
				return [`$ ${move.line}`, ''];
			}

			case 'python': {
				const {terminal, line} = move;
				const python = this.#pythons.get(terminal) ?? new Python();
				this.#pythons.set(terminal, python);
				return [`>>> ${line}`, await python.run(line)];
			}

			default: {
				return assertNever(move);
			}
		}
	}

	async #openHost(words: readonly string[]): Promise<void> {
		const {program} = this.#options;
		const host = await Host.start({
			program,
			words: [...words, '--port', String(this.where.port)],
			onLine: text => {
				this.#fact({kind: 'printed', peer: undefined, text});
			},
			onEnded: () => {
				this.#signal({type: 'broken', sentence: endedSentence});
			},
		});
		this.#host = host;
		if (this.#hasStopped) {
			host.stop();
		}
	}

	/** @returns Why nothing is captured, if so. */
	async #watch(): Promise<string> {
		const {clock, isCaptured, onFailed} = this.#options;
		const transfers = new Transfers();
		const see = (step: Step) => {
			this.#see({type: 'step', at: seenBy(step), step});
		};

		const watch = new PortWatch({
			address: this.where,
			clock,
			async onEvents(events) {
				for (const event of events) {
					const step = transfers.stepOf(event);
					if (step) {
						see(step);
					}
				}
			},
		});
		this.#portWatch = watch;
		let said = '';
		if (isCaptured) {
			this.#capture = capturePort({
				address: this.where,
				file: undefined,
				clock,
				onSteps(steps) {
					for (const step of steps) {
						see(step);
					}

					watch.nudge();
				},
				onFailure(sentence) {
					said = sentence;
				},
			});
			await this.#capture.begun;
		}

		watch.run().catch(onFailed);
		return said;
	}

	#see(event: ChatEvent): void {
		this.#options.onEvent(event);
		const isOthersCall =
			this.#portWatch === undefined &&
			event.type === 'step' &&
			event.step.kind === 'call' &&
			event.step.end === 'remote';
		// A step asks what the learner calls.
		const fact = isOthersCall ? undefined : this.#facts.factOf(event);
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

		if (!this.#own) {
			notice('bad', 'You have no socket here; Enter goes on, /hint helps.');
			return;
		}

		this.#own.perform(line, {
			notice,
			leave: this.#options.onLeave,
			view: name => {
				view(name);
				this.#fact({kind: 'view', view: name, peer: undefined});
			},
		});
	}
}

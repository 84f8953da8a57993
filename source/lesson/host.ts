/**
 * A room in another process: this program, started again. A lesson stops it as a
 * shell does, and its kernel goes on.
 */
import process from 'node:process';
import {spawn, type ChildProcessWithoutNullStreams} from 'node:child_process';
import {devNull} from 'node:os';
import {createInterface} from 'node:readline';
import {SockchatError} from '../errors.js';

export type HostOptions = {
	/** How this program is run: the executable, then its arguments. */
	readonly program: readonly string[];
	readonly words: readonly string[];
	readonly onLine: (line: string) => void;
	/** It has ended, and nobody asked it to. */
	readonly onEnded: () => void;
};

/** The learner's own settings are for the learner's own rooms. */
const withoutSettings = () => ({
	...Object.fromEntries(
		Object.entries(process.env).filter(
			([name]) => !name.startsWith('SOCKCHAT_') || name === 'SOCKCHAT_TOKEN',
		),
	),
	XDG_CONFIG_HOME: devNull,
});

export class Host {
	readonly #child: ChildProcessWithoutNullStreams;
	#isStopped = false;
	readonly #onExit = () => {
		this.stop();
	};

	private constructor({program, words, onLine}: HostOptions) {
		const [command = '', ...args] = program;
		this.#child = spawn(command, [...args, ...words], {env: withoutSettings()});
		this.#child.stdin.end();
		process.once('exit', this.#onExit);
		createInterface({input: this.#child.stdout}).on('line', onLine);
	}

	/**
	 * Settles once it listens.
	 *
	 * @throws {SockchatError} `ERR_REFUSED`, if it ends before.
	 */
	static async start(options: HostOptions): Promise<Host> {
		return new Promise((resolve, reject) => {
			let errors = '';
			const fail = (said: string) => {
				// What it advises then is for who typed its command.
				const why = said.trim().split(/(?<=\.)\s/, 1)[0]!;
				reject(
					new SockchatError(
						'ERR_REFUSED',
						`The server of this lesson's room doesn't listen: ${why}`,
					),
				);
			};

			const host = new Host({
				...options,
				onLine(line) {
					options.onLine(line);
					resolve(host);
				},
			});
			const child = host.#child;
			child.stderr.setEncoding('utf8').on('data', (text: string) => {
				errors += text;
			});
			child.once('error', error => {
				fail(error.message);
			});
			child.once('close', () => {
				fail(errors);
				if (!host.#isStopped) {
					options.onEnded();
				}
			});
		});
	}

	signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void {
		this.#child.kill(signal);
	}

	/** Ends it, also while it is stopped. */
	stop(): void {
		this.#isStopped = true;
		process.off('exit', this.#onExit);
		this.#child.kill('SIGKILL');
	}
}

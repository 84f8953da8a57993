/**
 * A Python that runs line after line, and says what each printed: the program at
 * the other end. Its calls are made when they are shown, and a recv() that waits
 * does wait.
 */
import process from 'node:process';
import {spawn, type ChildProcessWithoutNullStreams} from 'node:child_process';
import {createInterface} from 'node:readline';
import {SockchatError} from '../errors.js';

// As the prompt of Python does it: an expression's value is printed, and of an
// exception only the last line is kept. Output of others is not an answer.
const interpreter = `
import contextlib, io, json, os, sys, traceback
answers = os.fdopen(os.dup(1), 'w')
os.dup2(2, 1)
scope = {}
for line in sys.stdin:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        try:
            exec(compile(json.loads(line), '<lesson>', 'single'), scope)
        except BaseException as error:
            printed.write(traceback.format_exception_only(type(error), error)[-1])
    print(json.dumps(printed.getvalue()), file=answers, flush=True)
`;

const noPython = (cause: NodeJS.ErrnoException) => {
	const why =
		cause.code === 'ENOENT'
			? 'there is no python3 in your PATH (ENOENT)'
			: `python3 can't be run: ${cause.message}`;
	return new SockchatError(
		'ERR_NO_PYTHON',
		`Python plays the other side of this lesson, and ${why}. Install it first (Debian: apt-get install python3).`,
		{cause},
	);
};

const ended = () =>
	new SockchatError('ERR_LOST', 'The Python of this lesson has ended.');

export class Python {
	readonly #child: ChildProcessWithoutNullStreams;
	readonly #waiting: Array<(output: string) => void> = [];
	readonly #failed: Promise<never>;
	readonly #onExit = () => {
		this.stop();
	};

	/** @param command A program to run instead of `python3`. */
	constructor(command = 'python3') {
		this.#child = spawn(command, ['-u', '-c', interpreter]);
		this.#failed = new Promise((_resolve, reject) => {
			this.#child.once('error', error => {
				reject(noPython(error));
			});
			// After its last answer.
			this.#child.once('close', () => {
				reject(ended());
			});
		});
		// One that waits in accept() doesn't see that its input has ended.
		process.once('exit', this.#onExit);
		// Whoever runs a line hears of it.
		this.#failed.catch(() => {});
		// A line to one that has ended is lost, as is its answer.
		this.#child.stdin.on('error', () => {});
		this.#child.stderr.resume();
		createInterface({input: this.#child.stdout}).on('line', line => {
			this.#waiting.shift()?.(JSON.parse(line) as string);
		});
	}

	/**
	 * @returns What it printed, once the line has run.
	 * @throws {SockchatError} `ERR_NO_PYTHON`, or `ERR_LOST` once it has ended.
	 */
	async run(line: string): Promise<string> {
		const answer = new Promise<string>(resolve => {
			this.#waiting.push(resolve);
		});
		this.#child.stdin.write(`${JSON.stringify(line)}\n`);
		return Promise.race([answer, this.#failed]);
	}

	/** Ends it, also while it waits; its sockets are closed by the kernel. */
	stop(): void {
		process.off('exit', this.#onExit);
		this.#child.kill('SIGKILL');
	}
}

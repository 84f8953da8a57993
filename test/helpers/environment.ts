/**
 * The surroundings of a process under test: the same environment on every machine,
 * its own home folder, and cleanup.
 */
import {
	accessSync,
	constants,
	mkdtempSync,
	readFileSync,
	rmSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {delimiter, join, sep} from 'node:path';
import process from 'node:process';
import {fileURLToPath} from 'node:url';

/** Undefined omits a variable. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** The owner of a test's resources; a `TestContext` is one. */
export type Owner = {
	after(stop: () => Promise<void>): void;
};

/** What it owns is closed by `close`, the last first; then it may own more. */
export const createScope = () => {
	const stops: Array<() => Promise<void>> = [];
	return {
		after(stop: () => Promise<void>) {
			stops.unshift(stop);
		},
		async close() {
			for (const stop of stops.splice(0)) {
				await stop();
			}
		},
	};
};

const scopes = new WeakMap<Owner, Owner>();

/**
 * For resources that need those before them until they have ended: a test calls
 * its hooks first to last.
 */
export const lastFirst = (owner: Owner): Owner => {
	const known = scopes.get(owner);
	if (known) {
		return known;
	}

	const scope = createScope();
	owner.after(scope.close);
	scopes.set(owner, scope);
	return scope;
};

// They change colours, widths or behaviour, and differ between machines.
const leftOut: Variables = {
	// To Ink it means that nobody is watching, and chalk drops all colours once
	// it is set, even to 'false'.
	CI: undefined,
	CONTINUOUS_INTEGRATION: undefined,
	TEAMCITY_VERSION: undefined,
	TF_BUILD: undefined,
	NO_COLOR: undefined,
	FORCE_COLOR: undefined,
	COLORTERM: undefined,
	TERM_PROGRAM: undefined,
	TMUX: undefined,
	LC_ALL: undefined,
	LC_CTYPE: undefined,
	NODE_DEBUG: undefined,
	SOCKCHAT_NICK: undefined,
	SOCKCHAT_PORT: undefined,
	SOCKCHAT_SOCKET: undefined,
	SOCKCHAT_TOKEN: undefined,
	XDG_CONFIG_HOME: undefined,
	NODE_TEST_CONTEXT: undefined,
};

/**
 * The caches of programs under test. One folder for all of them: with a folder
 * each, every start would compile the whole program and store the result, which
 * is 40 % of a short run.
 */
const programCache = fileURLToPath(
	new URL('../../node_modules/.cache/sockchat-tests/', import.meta.url),
);

/**
 * The environment for one process: a terminal with 256 colours, UTF-8, no CI,
 * HOME and XDG_STATE_HOME in a new temporary folder.
 *
 * `remove` deletes the folder; call it when the process has ended.
 */
export const createEnvironment = (changes: Variables = {}) => {
	const home = mkdtempSync(join(tmpdir(), 'sockchat-test-'));
	const wanted: Variables = {
		...process.env,
		...leftOut,
		TERM: 'xterm-256color',
		LANG: 'C.UTF-8',
		HOME: home,
		XDG_CACHE_HOME: programCache,
		XDG_STATE_HOME: join(home, 'state'),
		...changes,
	};
	const env: Record<string, string> = {};
	for (const [name, value] of Object.entries(wanted)) {
		if (value !== undefined) {
			env[name] = value;
		}
	}

	return {
		env,
		home,
		remove() {
			// Child processes may still write there for a moment.
			rmSync(home, {recursive: true, force: true, maxRetries: 20});
		},
	};
};

/** The path of an executable in PATH, outside any node_modules. */
export const findExecutable = (name: string): string | undefined =>
	(process.env['PATH'] ?? '')
		.split(delimiter)
		.filter(folder => !folder.split(sep).includes('node_modules'))
		.map(folder => join(folder, name))
		.find(path => {
			try {
				accessSync(path, constants.X_OK);
				return true;
			} catch {
				return false;
			}
		});

/**
 * The path of an executable that the tests need.
 *
 * @throws {Error} Naming the Debian package: a test that lacks something fails and
 * is never skipped.
 */
export const requireExecutable = (name: string, debianPackage: string) => {
	const path = findExecutable(name);
	if (path === undefined) {
		throw new Error(
			`This test needs ${name}, which is not in PATH: apt-get install ${debianPackage}.`,
		);
	}

	return path;
};

/**
 * Kills a process and its descendants, by id.
 *
 * Descendants are found in /proc; without it, they have to notice that their pipe
 * or terminal is gone.
 */
export const killTree = (pid: number) => {
	let children = '';
	try {
		children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
	} catch {
		// It has already ended, or there is no /proc.
	}

	try {
		process.kill(pid, 'SIGKILL');
	} catch {
		// It has already ended.
	}

	for (const child of children.split(' ').filter(Boolean)) {
		killTree(Number(child));
	}
};

/** The completions, in the shells themselves. */
import assert from 'node:assert/strict';
import {
	mkdirSync,
	mkdtempSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {delimiter, join} from 'node:path';
import process from 'node:process';
import test, {type TestContext} from 'node:test';
import {lessonTexts} from '../../source/lesson/texts.js';
import {inputModes, themeNames} from '../../source/options/choices.js';
import {commandNames} from '../../source/options/command.js';
import {
	flagNames,
	isFor,
	writtenFlag,
	type Command,
} from '../../source/options/flags.js';
import {requireExecutable} from '../helpers/environment.js';
import {bin, startProcess} from '../helpers/process.js';
import {openTerminal} from '../helpers/terminal.js';

/** A folder in front of PATH with a program `sockchat`, and nothing beside it. */
const install = (t: TestContext) => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-shell-'));
	t.after(() => {
		rmSync(folder, {recursive: true, force: true});
	});
	const programs = join(folder, 'bin');
	const cwd = join(folder, 'empty');
	mkdirSync(programs);
	mkdirSync(cwd);
	writeFileSync(join(cwd, 'some-file'), '');
	symlinkSync(bin().path, join(programs, 'sockchat'));
	symlinkSync(process.execPath, join(programs, 'node'));
	const env = {PATH: [programs, process.env['PATH']].join(delimiter)};
	return {env, cwd};
};

const byName = (one: string, other: string): number => (one < other ? -1 : 1);

type Place = ReturnType<typeof install>;

const linesOf = async (
	t: TestContext,
	shell: string,
	args: readonly string[],
	place: Place,
): Promise<string[]> => {
	const run = startProcess(t, requireExecutable(shell, shell), args, place);
	const exit = await run.waitForExit();
	assert.deepEqual(exit, {code: 0, signal: undefined}, run.seen());
	assert.equal(run.stderr(), '', run.seen());
	return run.stdout().split('\n').filter(Boolean);
};

const longFlagsOf = (command: Command): string[] =>
	flagNames.filter(name => isFor(name, command)).map(writtenFlag);

/** What is typed, with the words that it may become. */
const cases: ReadonlyArray<readonly [line: string, words: readonly string[]]> =
	[
		['sockchat con', ['connect']],
		['sockchat com', ['completion']],
		['sockchat help ', commandNames],
		['sockchat completion ', ['bash', 'fish', 'zsh']],
		['sockchat serve --fsync ', ['always', 'interval']],
		['sockchat connect --raw --eol crl', ['crlf']],
		['sockchat --theme ', [...themeNames]],
		['sockchat --theme 1', ['16']],
		['sockchat connect --input ', [...inputModes]],
		['sockchat --notify n', ['none']],
		['sockchat lesson ', Object.keys(lessonTexts)],
		['sockchat lesson half', ['half-close']],
		['sockchat --', longFlagsOf('join')],
		['sockchat connect --', longFlagsOf('connect')],
		['sockchat --json serve --', longFlagsOf('serve')],
		['sockchat doctor --', longFlagsOf('doctor')],
	];

test('e2e: bash completes commands, flags and values', async t => {
	const place = install(t);
	const source = 'source <(sockchat completion bash)';
	assert.deepEqual(
		await linesOf(t, 'bash', ['-c', `${source}; complete -p sockchat`], place),
		['complete -o bashdefault -o default -F _sockchat sockchat'],
	);
	const complete = `${source}
		IFS=' '; COMP_WORDS=($0); [[ $0 == *' ' ]] && COMP_WORDS+=('')
		COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); unset IFS
		_sockchat; printf '%s\\n' "\${COMPREPLY[@]}"`;
	for (const [line, words] of [
		...cases,
		// Bash makes three words of it.
		['sockchat serve --fsync = al', ['always']],
		// The shell completes paths by itself.
		['sockchat --history ', []],
	] as const) {
		assert.deepEqual(
			(await linesOf(t, 'bash', ['-c', complete, line], place))
				.filter(word => !/^-\w$/.test(word))
				.toSorted(byName),
			words.toSorted(byName),
			line,
		);
	}
});

test('e2e: bash offers files only where a flag takes one', async t => {
	const place = install(t);
	const bash = openTerminal(t, {
		command: requireExecutable('bash', 'bash'),
		args: ['--norc', '--noprofile', '-i'],
		...place,
		env: {...place.env, PS1: 'ready> '},
	});
	await bash.waitFor('ready>');
	bash.type('source <(sockchat completion bash); clear\r');
	for (const [index, flag] of [
		'--nick',
		'--port',
		'-n',
		'--fsync',
		'--history',
	].entries()) {
		bash.type(`\u0015PS1='${index}> '; clear\r`);
		// The prompt counts, so that each screen is awaited as a new one.
		await bash.waitFor(new RegExp(`^${index}>`));
		// What is typed after Tab comes after its answer.
		bash.type(`sockchat serve ${flag} some\t+`);
		const answer = flag === '--history' ? 'some-file ' : 'some';
		await bash.waitFor(`sockchat serve ${flag} ${answer}+`);
	}
});

test('e2e: fish completes commands, flags and values', async t => {
	const place = install(t);
	const complete = 'sockchat completion fish | source; complete -C "$argv[1]"';
	for (const [line, words] of [
		...cases,
		['sockchat --history some', ['some-file']],
	] as const) {
		const found = await linesOf(
			t,
			'fish',
			['--no-config', '-c', complete, line],
			place,
		);
		assert.deepEqual(
			found
				.map(each => each.split('\t', 1)[0]!)
				.filter(
					word =>
						!/^-\w$/.test(word) &&
						(word !== 'some-file' || line.includes('history')),
				)
				.toSorted(byName),
			words.toSorted(byName),
			line,
		);
	}
});

test('e2e: zsh completes commands, flags and values', async t => {
	const place = install(t);
	const begin = 'autoload -Uz compinit; compinit -D -u';
	const source = `${begin}; source <(sockchat completion zsh)`;
	assert.deepEqual(
		await linesOf(
			t,
			'zsh',
			['-f', '-c', `${source}; print $_comps[sockchat]`],
			place,
		),
		['_sockchat'],
	);
	const zsh = openTerminal(t, {
		command: requireExecutable('zsh', 'zsh'),
		args: ['-f', '-i'],
		columns: 110,
		rows: 80,
		...place,
		env: {...place.env, PS1: 'ready> '},
	});
	await zsh.waitFor('ready>');
	zsh.type(`${source}; clear\r`);
	for (const [index, [line, words]] of [
		...cases,
		['sockchat --history some', ['some-file']] as const,
	].entries()) {
		// The prompt counts, so that each screen is awaited as a new one.
		zsh.type(`\u0015PS1='${index}> '; clear\r`);
		await zsh.waitFor(new RegExp(`^${index}>`));
		zsh.type(`${line}\t`);
		for (const word of words) {
			await zsh.waitFor(word);
		}

		const listed = Array.from(
			zsh.text().matchAll(/^(?:-\w {2})?(--[a-z-]+)/gm),
			([, flag]) => flag!,
		);
		assert.deepEqual(
			listed.toSorted(byName),
			words
				// It offers each flag once.
				.filter(word => word.startsWith('--') && !line.includes(word))
				.toSorted(byName),
			line,
		);
	}
});

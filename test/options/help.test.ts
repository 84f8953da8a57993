import assert from 'node:assert/strict';
import {test} from 'node:test';
import {SockchatError} from '../../source/errors.js';
import {
	commandNames,
	commands,
	readRequest,
} from '../../source/options/command.js';
import {
	flagNames,
	flags,
	isFor,
	writtenFlag,
} from '../../source/options/flags.js';
import {exitCodes, exitCodeMeanings} from '../../source/options/exit-codes.js';
import {helpText} from '../../source/options/help.js';
import {readWords} from '../../source/options/words.js';

const all = ['join', ...commandNames] as const;

test('help: fits 80 columns', () => {
	for (const command of all) {
		const tooLong = helpText(command)
			.split('\n')
			.filter(line => line.length > 80 || line.endsWith(' '));
		assert.deepEqual(tooLong, [], command);
	}
});

test('help: has every flag that the command accepts, and no other', () => {
	for (const command of all) {
		const shown = Array.from(
			helpText(command).matchAll(/^ {2}(?:-\w, | {4})(--[a-z-]+)/gm),
			([, flag]) => flag!,
		);
		const words = command === 'join' ? [] : [command];
		const word = command === 'completion' ? ['bash'] : [];
		const accepted = flagNames.filter(name => {
			const value = flags[name].type === 'string' ? ['1'] : [];
			const argv = [...words, ...word, writtenFlag(name), ...value];
			return !(readRequest(readWords(argv)) instanceof SockchatError);
		});
		assert.deepEqual(shown, accepted.map(writtenFlag), command);
	}
});

test('help: watch takes no path, as a Unix domain socket has no TCP states', () => {
	assert.ok(helpText('watch').includes('\nADDRESS is PORT, '));
	assert.ok(!helpText('watch').includes('path'));
	for (const command of ['join', 'serve', 'connect', 'status'] as const) {
		assert.ok(helpText(command).includes("a socket's path"), command);
	}
});

test('help: says what the words of proxy and replay may be, and names no --tls that they lack', () => {
	for (const command of ['proxy', 'replay'] as const) {
		assert.ok(helpText(command).includes("a socket's path"), command);
	}

	const text = helpText('proxy');
	assert.match(text, /^LISTEN and TARGET are ADDRESSes, with tls:, ws:, /m);
	assert.doesNotMatch(text, /--tls\b(?!-)/);
});

test('help: lists each command, and each has its usage, examples and exit codes', () => {
	for (const name of commandNames) {
		assert.match(helpText(), new RegExp(`^ {2}sockchat ${name} `, 'm'));
	}

	for (const command of all) {
		const text = helpText(command);
		assert.ok(text.startsWith('Usage\n  sockchat '), command);
		assert.ok(text.includes('\nExamples\n'), command);
		for (const [line] of commands[command].examples) {
			assert.ok(text.includes(line), line);
		}

		const canBeLate = isFor('timeout', command);
		for (const [code, means] of exitCodeMeanings) {
			assert.equal(
				text.includes(`\n  ${code}`) && text.includes(means),
				code !== String(exitCodes.late) || canBeLate,
				`${command}: ${code}`,
			);
		}
	}

	for (const code of Object.values(exitCodes)) {
		assert.ok(exitCodeMeanings.some(([shown]) => shown === String(code)));
	}
});

test('help: help COMMAND is about a command that exists', () => {
	const about = (...argv: readonly string[]) => {
		const request = readRequest(readWords(['help', ...argv]));
		return request instanceof SockchatError
			? request.message
			: request.command === 'help' && request.about;
	};

	assert.equal(about(), 'join');
	for (const name of commandNames) {
		assert.equal(about(name), name);
	}

	assert.match(String(about('conect')), /did you mean connect\?$/);
	assert.match(String(about('connect', 'serve')), /^Unexpected "serve" after/);
});

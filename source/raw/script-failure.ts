/** What a chat script says when it fails, and what is checked before it runs. */
import {accessSync, closeSync, constants, openSync, statSync} from 'node:fs';
import {
	bytesOf,
	clause,
	quoted,
	SockchatError,
	whyUnreadable,
} from '../errors.js';
import {matchInTime} from '../protocol/matching.js';
import type {Pending, Unmet} from './chat-script.js';
import type {ScriptStep} from './script-steps.js';

const unreadable = (path: string, why: string) =>
	new SockchatError('ERR_USAGE', `--send-file can't read ${path}: ${why}.`);

/** @throws {Error} That of the system, if there is no better reason. */
const reasonAgainst = (path: string): string | undefined => {
	const stats = statSync(path);
	if (stats.isDirectory()) {
		return 'it is a folder';
	}

	if (stats.isSocket()) {
		return 'it is a socket';
	}

	if (stats.isFIFO()) {
		// Whoever writes to it would see a reader come, and go away.
		accessSync(path, constants.R_OK);
	} else {
		closeSync(openSync(path, 'r'));
	}

	return undefined;
};

/** @throws {SockchatError} `ERR_USAGE` before anything is opened. */
export const checkFiles = (steps: readonly ScriptStep[] = []): void => {
	for (const step of steps) {
		if (step.type !== 'file') {
			continue;
		}

		const {path} = step;
		let why: string | undefined;
		try {
			why = reasonAgainst(path);
		} catch (error) {
			why = whyUnreadable(error);
		}

		if (why !== undefined) {
			throw unreadable(path, why);
		}
	}
};

/** As it was given. */
export const stepName = (step: ScriptStep): string => {
	switch (step.type) {
		case 'send': {
			return step.isHex ? '--send-hex' : '--send';
		}

		case 'file': {
			return `--send-file ${step.path}`;
		}

		case 'expect': {
			return `--expect ${quoted(step.pattern.source)}`;
		}
	}
};

const nameOf = (step: ScriptStep): string =>
	step.type === 'send'
		? `${stepName(step)} of ${bytesOf(step.bytes.length)}`
		: stepName(step);

/** The start of a sentence about a step that isn't done. */
export const notMetYet = (step: ScriptStep): string =>
	`${nameOf(step)} was not ${step.type === 'expect' ? 'met' : 'done'}`;

// Of a text that is longer nothing is advised: each search may take a second.
const longestAdvised = 64 * 1024;

const onLineEnds = String.raw`The lines end with CR LF: \r?\n is the end of each.`;

/** What is easily forgotten of `^` and `$`, if the expression has them. */
const onAnchors = ({source}: RegExp): readonly string[] => [
	...(/(?<![[\\])\^/.test(source)
		? [
				String.raw`^ is only the start of what came since the last match; (?:^|\n) is that of each line.`,
			]
		: []),
	...(/(?<!\\)\$/.test(source)
		? [
				String.raw`$ is only the end of what has come so far; (?=\r?\n) is that of each line.`,
			]
		: []),
];

/**
 * Why an expression was not met, if it is what is easily forgotten: that `.` and
 * `\n` are not CR LF, or that `^` and `$` are not those of a line. It is looked
 * for as if they were, so what is advised helps.
 */
export const adviceOn = ({step, said}: Pending): string | undefined => {
	if (step.type !== 'expect' || said === '' || said.length > longestAdvised) {
		return undefined;
	}

	const {pattern} = step;
	const ofLines = new RegExp(pattern, `${pattern.flags}m`);
	const plain = said.replaceAll('\r\n', '\n');
	for (const [as, text, advice] of [
		[ofLines, said, onAnchors(pattern)],
		[pattern, plain, [onLineEnds]],
		[ofLines, plain, [onLineEnds, ...onAnchors(pattern)]],
	] as const) {
		const found = matchInTime(as, text);
		if (found !== undefined) {
			return found === 'late' ? undefined : advice.join(' ');
		}
	}

	return undefined;
};

const shownCharacters = 80;

/** @param peer Whose connection it was, if there are several. */
export const notMet = (unmet: Unmet, peer?: string): SockchatError => {
	const {step, why, said} = unmet;
	const by = peer === undefined ? '' : ` by ${peer}`;
	if (why instanceof Error) {
		return new SockchatError(
			'ERR_NOT_SENT',
			`${nameOf(step)} can't be read: ${clause(why.message)}.`,
			{cause: why},
		);
	}

	if (why === 'slow') {
		return new SockchatError(
			'ERR_EXPECT',
			`${nameOf(step)} took more than a second on ${said.length} characters${peer === undefined ? '' : ` of ${peer}`}; write it so that it backtracks less.`,
		);
	}

	const last = said.slice(-shownCharacters);
	const heard =
		said === ''
			? 'nothing more was said'
			: `the last that was said: "${said.length > shownCharacters ? '⋯' : ''}${last}"`;
	const advice = adviceOn(unmet);
	return new SockchatError(
		'ERR_EXPECT',
		`${notMetYet(step)}${by}; ${step.type === 'expect' ? heard : 'the connection ended'}.${advice === undefined ? '' : ` ${advice}`}`,
	);
};

/** What a chat script says when it fails, and what is checked before it runs. */
import {accessSync, closeSync, constants, openSync, statSync} from 'node:fs';
import {
	bytesOf,
	clause,
	quoted,
	SockchatError,
	whyUnreadable,
} from '../errors.js';
import type {Unmet} from './chat-script.js';
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

/**
 * What is easily forgotten of an expression that was not met: the rest of a line
 * that the last match began comes before the next line.
 */
export const adviceOnStart = (step: ScriptStep): string | undefined =>
	step.type === 'expect' && step.pattern.source.startsWith('^')
		? String.raw`^ is only the start of what came since the last match; (?:^|\n) is that of each line.`
		: undefined;

const shownCharacters = 80;

/** @param peer Whose connection it was, if there are several. */
export const notMet = (
	{step, why, said}: Unmet,
	peer?: string,
): SockchatError => {
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
	const advice = /\n./s.test(said) ? adviceOnStart(step) : undefined;
	return new SockchatError(
		'ERR_EXPECT',
		`${notMetYet(step)}${by}; ${step.type === 'expect' ? heard : 'the connection ended'}.${advice === undefined ? '' : ` ${advice}`}`,
	);
};

/** `--send`, `--send-hex`, `--send-file` and `--expect`, in the order given. */
import {Buffer} from 'node:buffer';
import {quoted, type SockchatError} from '../errors.js';
import type {LineEnding} from '../raw/line-ends.js';
import {
	asLine,
	readEscapes,
	readHex,
	type ScriptStep,
} from '../raw/script-steps.js';
import type {Answering} from '../raw/answers/answers.js';
import {splitReply, type ReplyRule} from '../raw/answers/reply-rules.js';
import {flags, writtenFlag, type Flag, type FlagName} from './flags.js';
import {parsePattern} from './pattern.js';
import {wrongUsage, type Reader, type TypedStep} from './reader.js';

/** A text with its escapes, as a line if line ends are chosen. */
const readText = (
	text: string,
	eol: LineEnding | undefined,
	flag: FlagName,
): Buffer | SockchatError => {
	const bytes = readEscapes(text);
	if (typeof bytes === 'string') {
		return wrongUsage(
			String.raw`${writtenFlag(flag)} knows \r \n \t \0 \xHH and \\; got ${quoted(bytes)} in ${quoted(text)}.`,
		);
	}

	return eol === undefined ? bytes : asLine(bytes, eol);
};

const readStep = (
	{name, value}: TypedStep,
	eol: LineEnding | undefined,
): ScriptStep | SockchatError => {
	if (name === 'send') {
		const bytes = readText(value, eol, name);
		return bytes instanceof Error ? bytes : {type: 'send', bytes};
	}

	if (value === '') {
		return wrongUsage(`${writtenFlag(name)} needs a value.`);
	}

	if (name === 'sendHex') {
		const bytes = readHex(value);
		return bytes
			? {type: 'send', bytes, isHex: true}
			: wrongUsage(
					`--send-hex needs pairs of hexadecimal digits, such as "0d0a"; got ${quoted(value)}.`,
				);
	}

	if (name === 'sendFile') {
		return {type: 'file', path: value};
	}

	const pattern = parsePattern(value, name);
	return pattern instanceof Error ? pattern : {type: 'expect', pattern};
};

export const readSteps = (
	reader: Reader,
	steps: readonly TypedStep[],
	eol: LineEnding | undefined,
): ScriptStep[] =>
	steps
		.filter(({name}) => (flags[name] as Flag).isStep)
		.map(step =>
			reader.take<ScriptStep>(
				readStep(step, eol),
				{type: 'send', bytes: Buffer.alloc(0)},
				step.name,
			),
		);

const readRule = (
	value: string,
	eol: LineEnding | undefined,
): ReplyRule | SockchatError => {
	const parts = splitReply(value);
	if (!parts) {
		return wrongUsage(
			String.raw`--reply needs REGEX=TEXT, such as 'PING=PONG\r\n'; got ${quoted(value)}.`,
		);
	}

	const pattern = parsePattern(parts.source, 'reply', 'g');
	const bytes = readText(parts.answer, eol, 'reply');
	if (pattern instanceof Error || bytes instanceof Error) {
		return pattern instanceof Error ? pattern : (bytes as SockchatError);
	}

	return {pattern, bytes};
};

/** What a server answers by itself; undefined if that isn't asked for. */
export const readAnswering = (
	reader: Reader,
	steps: readonly TypedStep[],
	eol: LineEnding | undefined,
): Answering | undefined => {
	if (reader.has('echo')) {
		return {type: 'echo'};
	}

	if (reader.has('broker')) {
		return {type: 'broker'};
	}

	const rules = steps
		.filter(({name}) => name === 'reply')
		.map(({value}) =>
			reader.take<ReplyRule>(
				readRule(value, eol),
				{pattern: /^$/, bytes: Buffer.alloc(0)},
				'reply',
			),
		);
	return rules.length > 0 ? {type: 'reply', rules} : undefined;
};

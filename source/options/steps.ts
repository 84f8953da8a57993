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
import {writtenFlag, type FlagName} from './flags.js';
import {parsePattern} from './pattern.js';
import {wrongUsage, type Reader, type TypedStep} from './reader.js';

/** A text with its escapes, as a line if line ends are chosen. */
export const readText = (
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
			? {type: 'send', bytes}
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
	steps.map(step =>
		reader.take<ScriptStep>(
			readStep(step, eol),
			{type: 'send', bytes: Buffer.alloc(0)},
			step.name,
		),
	);

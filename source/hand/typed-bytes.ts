/** A typed line as the bytes to send. Pure. */
import {Buffer} from 'node:buffer';
import {quoted} from '../errors.js';
import {lineEnds, type LineEnding} from '../raw/line-ends.js';
import {readEscapes} from '../raw/script-steps.js';

export type Typing = {
	/** What each line ends with. */
	readonly eol: LineEnding;
	/** Whether `\r \n \t \0 \xHH \\` stand for bytes. */
	readonly hasEscapes: boolean;
};

/**
 * @param text May have several lines, if it was pasted.
 * @returns The bytes, or why there are none.
 */
export const typedBytes = (
	text: string,
	{eol, hasEscapes}: Typing,
): Buffer | string => {
	const end = lineEnds[eol];
	// Without ends of lines, those inside a paste are all that divides them.
	const inner = end === '' ? '\n' : end;
	const body = text.replaceAll('\n', inner);
	const bytes = hasEscapes ? readEscapes(body) : Buffer.from(body);
	return typeof bytes === 'string'
		? String.raw`Not sent: ${quoted(bytes)} is no escape. There are \r \n \t \0 \xHH and \\; /escapes off sends it as typed.`
		: Buffer.concat([bytes, Buffer.from(end)]);
};

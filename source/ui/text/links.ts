/**
 * The URLs in a text, as OSC 8 links of the terminal.
 *
 * The target is exactly what is shown: http or https, in the characters that RFC
 * 3986 allows, all of them printable ASCII. So a link hides nothing, and can't
 * end its own sequence. The cost is linear in the text.
 */
import type {DisplayText} from '../../protocol/display.js';
import type {TextRange} from '../../protocol/mention.js';

export type Link = {
	readonly target: string;
	/** Whether it is on several rows, whose parts the terminal should join. */
	readonly isWrapped: boolean;
};

// VTE ignores longer ones.
const maxTargetLength = 2083;

const urls = /(?<![\w-])https?:\/\/[\w\-.~:/?#[\]@!$&'()*+,;=%]+/gi;
const hostAlone = /^https?:\/\/[^/?#]*$/i;
const beginsWithLetter = /^[\p{L}\p{M}\p{N}]/v;
const closing: ReadonlyMap<string, string> = new Map([
	[')', '('],
	[']', '['],
]);

const count = (text: string, character: string): number => {
	let found = 0;
	for (const other of text) {
		found += other === character ? 1 : 0;
	}

	return found;
};

/** Without the punctuation of the sentence around it: `(see http://x/a).` */
const lengthOfUrl = (match: string): number => {
	const surplus = new Map(
		[...closing].map(([close, open]) => [
			close,
			count(match, close) - count(match, open),
		]),
	);
	let end = match.length;
	for (; end > 0; end--) {
		const last = match[end - 1]!;
		const unopened = surplus.get(last) ?? 0;
		if (unopened > 0) {
			surplus.set(last, unopened - 1);
		} else if (!/[.,:;!?'*]/.test(last)) {
			break;
		}
	}

	return end;
};

/** Where the URLs are, in order. */
export const urlsIn = (text: DisplayText): TextRange[] => {
	const found: TextRange[] = [];
	for (const {0: match, index} of text.matchAll(urls)) {
		const length = lengthOfUrl(match);
		const url = match.slice(0, length);
		const after = text.slice(index + match.length, index + match.length + 2);
		// The name of a host that goes on in another script would be a link to
		// another host.
		const isCutOff =
			length === match.length &&
			hostAlone.test(url) &&
			beginsWithLetter.test(after);
		const hasHost = length > match.indexOf('//') + 2;
		if (hasHost && !isCutOff && length <= maxTargetLength) {
			found.push({start: index, end: index + length});
		}
	}

	return found;
};

// Parts with one id and one target are one link.
const begin = ({target, isWrapped}: Link): string =>
	`\u001B]8;${isWrapped ? 'id=1' : ''};${target}\u001B\\`;

const end = '\u001B]8;;\u001B\\';

/** A text as a link; only `urlsIn` may choose the target. */
export const linked = (text: string, link: Link): string =>
	begin(link) + text + end;

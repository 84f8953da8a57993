/** The bytes that a terminal sends for a key (xterm's, as in TERM). */
const sequences = {
	enter: '\r',
	tab: '\t',
	'shift-tab': '\u{1B}[Z',
	escape: '\u{1B}',
	space: ' ',
	backspace: '\u{7F}',
	delete: '\u{1B}[3~',
	home: '\u{1B}[H',
	end: '\u{1B}[F',
	'page-up': '\u{1B}[5~',
	'page-down': '\u{1B}[6~',
	up: '\u{1B}[A',
	down: '\u{1B}[B',
	right: '\u{1B}[C',
	left: '\u{1B}[D',
	'ctrl-right': '\u{1B}[1;5C',
	'ctrl-left': '\u{1B}[1;5D',
	'alt-enter': '\u{1B}\r',
	'alt-up': '\u{1B}[1;3A',
	'alt-backspace': '\u{1B}\u{7F}',
} as const;

type Letter =
	| 'a'
	| 'b'
	| 'c'
	| 'd'
	| 'e'
	| 'f'
	| 'g'
	| 'h'
	| 'i'
	| 'j'
	| 'k'
	| 'l'
	| 'm'
	| 'n'
	| 'o'
	| 'p'
	| 'q'
	| 'r'
	| 's'
	| 't'
	| 'u'
	| 'v'
	| 'w'
	| 'x'
	| 'y'
	| 'z';

type NamedKey = keyof typeof sequences;

export type Key = NamedKey | `ctrl-${Letter}` | `alt-${Letter}`;

const isNamed = (key: Key): key is NamedKey => Object.hasOwn(sequences, key);

export const keySequence = (key: Key): string => {
	if (isNamed(key)) {
		return sequences[key];
	}

	const letter = key.slice(key.indexOf('-') + 1);
	return key.startsWith('alt-')
		? `\u{1B}${letter}`
		: // A control key sends the letter's low five bits.
			String.fromCodePoint(letter.codePointAt(0)! % 32);
};

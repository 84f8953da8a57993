/** Texts that make careless code slow, of any length in UTF-16 units. */

const repeated = (piece: string) => (size: number) =>
	piece
		.repeat(Math.ceil(size / piece.length))
		.slice(0, size)
		.toWellFormed();
const marks = (first: string, second: string) => (size: number) =>
	`a${first.repeat(size / 2)}${second.repeat(size / 2)}`;

export const hostileTexts: Readonly<Record<string, (size: number) => string>> =
	{
		words: repeated('otter and heron '),
		'marks out of order': marks('\u0301', '\u0316'),
		'marks by turns': repeated('\u0301\u0316'),
		'marks of four classes': repeated('\u0345\u0301\u0316\u0334'),
		'marks that normalize to two': repeated('\u0344\u0316'),
		'marks of Tibetan': marks('\u0F72', '\u0F71'),
		'half-width voicing marks': marks('\uFF9E', '\u0334'),
		'letters under 40 marks': repeated(`a${'\u0301\u0316'.repeat(20)}`),
		'capital sigmas': repeated('Σ.'),
		'a sigma behind dots': size => `${'.'.repeat(size)}Σ`,
		'sigmas under marks': repeated(`Σ${'\u0301'.repeat(50)}`),
		'dots over l': repeated('l\u0307'),
		'one l under dots': size => `l${'\u0307'.repeat(size)}`,
		ligatures: repeated('ﷺ'),
		jamo: repeated('\u1100\u1161\u11A8'),
		'leading jamo': repeated('\u1100'),
		'a digit and joiners': size => `1${'\u200D'.repeat(size)}`,
		'digits and joiners': repeated('1\uFE0F\u200C'),
		'men joined': repeated('👨\u200D'),
		'half flags': repeated('🇩'),
		'skin tones': repeated('👍🏽'),
		tags: size => `🏴${'\u{E0067}'.repeat(size / 2)}`,
		'Thai vowels': repeated('\u0E48\u0E33'),
		'Thai tones': repeated('\u0E48'),
		conjuncts: repeated('क\u094D\u200D'),
		'half-width kana': repeated('ｶﾞ'),
		'hidden characters': repeated('\u200B'),
		controls: repeated('\u0001'),
		spaces: repeated(' '),
		'a slash and spaces': size => `/${' '.repeat(size)}x`,
		'a slash and letters': size => `/${'nick'.repeat(size / 4)}`,
		tabs: repeated('\t'),
		'carriage returns': repeated('\r'),
		backslashes: repeated('\\'),
		quotes: repeated('"'),
		'escaped quotes': repeated('\\"'),
		dashes: size => `${'-'.repeat(size)}x`,
		brackets: repeated('['),
		braces: repeated('{"a":'),
		'dots and slashes': repeated('../'),
		'a request': size => `GET ${'a'.repeat(size)} HTTQ/1`,
		'/nick': size => `/nick ${marks('\u0301', '\u0316')(size)}`,
		'/msg': size => `/msg ${marks('\u0301', '\u0316')(size)} x`,
		'/me': repeated('/me \n'),
		URLs: repeated('https://a.test '),
		'a URL of brackets': size =>
			`http://${'('.repeat(size / 2)}${')'.repeat(size / 2)}`,
		'URLs within one': repeated('http://'),
	};

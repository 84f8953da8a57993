/**
 * Nicks: which are allowed, and which count as the same.
 *
 * A nick is letters, digits, `-`, `_` and `.`, starts with a letter or a digit
 * and is stored in NFC. It may take 24 columns and 64 bytes. Emoji are not
 * allowed: they are hard to type in a command, and terminals differ on their
 * widths. A nick is unique by its key, which is never shown: nicks that look
 * alike or differ in case have the same key (after RFC 8266 and UTS 39). npm has
 * no maintained library for either; nicks need far less than they cover.
 */
import {Buffer} from 'node:buffer';
import {SockchatError} from '../errors.js';
import {displayAlone, displayWidth, graphemes, toDisplay} from './display.js';
import {lazy} from './lazy.js';
import {normalized} from './normal.js';

declare const brand: unique symbol;

/** A name that `parseNick` accepted. */
export type Nick = string & {readonly [brand]: true};

export type ParsedNick =
	| {readonly ok: true; readonly nick: Nick}
	| {readonly ok: false; readonly error: SockchatError};

/** Terminal columns: 24 Latin letters, 12 Chinese ones. */
export const maxNickColumns = 24;

/** In UTF-8. */
export const maxNickBytes = 64;

// NFC leaves at least a third of the text (jamo), so anything longer is too long
// for a nick and need not be folded.
const maxRawUnits = 4 * maxNickBytes;

// Some Arabic ligatures expand to a whole sentence: ﷺ to 18 characters.
const maxKeyBytes = 2 * maxNickBytes;

/** For whoever has no other. */
export const fallbackNick = 'someone' as Nick;

// Letters by category that look like punctuation (: ' !) or are invisible.
const letterLike = String.raw`\p{Default_Ignorable_Code_Point}\u01C0-\u01C3\u02B0-\u02FF\uA4F8-\uA4FD`;
const forbidden = lazy(
	() =>
		new RegExp(
			String.raw`[^[\p{L}\p{Mn}\p{Mc}\p{Nd}\-_.]--[${letterLike}]]`,
			'v',
		),
);
const forbiddenRuns = lazy(() => new RegExp(`${forbidden().source}+`, 'gv'));
const startsWell = lazy(() => /^[\p{L}\p{Nd}]/v);
const badStart = lazy(() => /^[^\p{L}\p{Nd}]+/v);
const ignorable = lazy(() => /\p{Default_Ignorable_Code_Point}/gv);
// Most nicks, which need no Unicode tables.
const isAscii = /^[\u0000-\u007F]*$/;
// Without the flag i, for which V8 asks ICU for the other case of each letter.
// eslint-disable-next-line regexp/use-ignore-case
const isPlain = /^[A-Za-z\d][\w\-.]*$/;
// The replacements of toDisplay() for text that terminals show differently.
const isRespelt = /[⋯◌\\\u{FFFD}]/v;

/**
 * In each word, the other characters look like the first, as capitals or small
 * letters: the one-cell look-alikes of ASCII in UTS 39's confusables.txt (17.0)
 * that a nick may contain. `rn` is not a look-alike of `m`: in a terminal it
 * takes two cells. Right-to-left and ancient scripts are written as codes.
 */
const lookalikes = `
	-ⲻ .\u0660\u06F0 2ƧϨᒿꙄꝚ 3ƷȜЗӠ३૩ⲜⳄⳌꝪꞫ\u{118CA}\u{16F3B} 4Ꮞ\u{118AF}
	5Ƽ\u{118BB} 6ϬбᏮⳓⳜ\u{118D5} 7\u{104D2}\u{118C6} 8ȣ৪੪\u{1031A}
	9৭੧୨൭ⳋꝮ\u{118CC}\u{118D6} _\u07FA aɑαаᎪᗅꓮ\u{102A0}\u{16F40}
	bƄΒВЬᏏᏴᑲᖯᗷⲂꓐꞴ\u{10282}\u{102A1}\u{10301}\u{16EB6}
	cсငၚᴄⲥꓚꮯ\u{102A2}\u{10302}\u{1043D}\u{1051C}\u{118E9} dԁᎠᏧᑯᗞᗪꓒꓓ
	eΕеҽᎬⴹꓰꬲ\u{10286}\u{118A6}\u{118AE}
	fƒϜքᖴẝꓝꞙꬵ\u{10287}\u{102A5}\u{10525}\u{118C2} gƍɡԌցᏀᏳᶃꓖ hΗНһհᎻᏂᕼⲎꓧ\u{102CF}
	jϳјᎫᒍꓙꞲ kΚКᏦᛕⲔꓗ\u{10518}
	lıɩɪιіӏւ\u05D5\u05DF\u0627\u0661\u06F1\u07CAᏞᒪᛁⲓⳐⵏꓡꓲꙇꭵ\u{1028A}\u{10309}\u{1041B}\u{10526}\u{118B2}\u{118C3}\u{11DDA}\u{11DE1}\u{16EAA}\u{16F16}\u{16F28}
	mΜϺМᎷᗰᛖⲘꓟ\u{102B0}\u{10311} nΝոռⲚꓠ\u{10513}
	oοσϭоօ\u05E1\u0647\u0665\u06BE\u06C1\u06D5\u06F5\u07C0०০੦૦ଠ୦௦౦೦ഠ൦๐໐ဝ၀ჿዐ០ᴏᴑⲟⵔꓳꬽ\u{10292}\u{102AB}\u{1042C}\u{104EA}\u{10516}\u{114D0}\u{118B5}\u{118C8}\u{118D7}\u{118E0}\u{11DE0}
	pþƿρϸрᏢᑭⲣⳏꓑ\u{10295} qԛգզⵕ rƦгᎡᏒᖇᴦⲅꓣꭇꭈꮁ\u{104B4}\u{16F35}
	sƽѕՏടᏕꓢꜱꮪ\u{10296}\u{10448}\u{118C1}\u{16F3A}
	tΤТᎢⲦꓔ\u{10297}\u{102B1}\u{10315}\u{118BC}\u{16F0A}
	uʋυսሀᑌᴜꓴꞟꭎꭒ\u{104F6}\u{118D8}\u{16F42}
	vνѵ\u05D8\u0667\u06F7ᐯᴠⴸꓦꛟꮩ\u{1051D}\u{11706}\u{118C0}\u{16F08}
	wɯшѡԝաᏔᴡⲽꓪꮃ\u{1170A}\u{1170E}\u{1170F}\u{118E6}
	xΧхᕁᕽᚷⲬⵝꓫꞳ\u{10290}\u{102B4}\u{10317}\u{10527}
	yɣʏΥγуүყᎩᎽᶌỿⲩꓬꭚ\u{102B2}\u{118A4}\u{118DC}\u{16F43}
	zΖᴢꓜꮓ\u{118A9}\u{118C4}\u{118E5}
`;

/** Those within ASCII; most nicks need no others, which take 2 ms to read. */
const asciiLookalikes = new Map([
	['1', 'l'],
	['i', 'l'],
	['0', 'o'],
]);

const keys = lazy(
	() =>
		new Map<string, string>([
			...asciiLookalikes,
			...lookalikes
				.split(/\s/)
				.flatMap(([key, ...letters]) =>
					letters.map(letter => [letter, key!] as const),
				),
		]),
);

// Three steps: ẞ becomes ß, then SS, then ss.
const foldCase = (character: string): string =>
	character.toLowerCase().toUpperCase().toLowerCase();

const foldCharacter = (character: string): string => {
	const folded = foldCase(character);
	return (
		keys().get(character) ??
		keys().get(folded) ??
		keys().get(character.toUpperCase()) ??
		folded
	);
};

/** Keys of the ASCII characters: nearly everything that is ever folded. */
const asciiKeys = lazy(() =>
	Array.from({length: 128}, (_, code) => {
		const folded = foldCase(String.fromCodePoint(code));
		return asciiLookalikes.get(folded) ?? folded;
	}),
);

const blanks: ReadonlyMap<string, string> = new Map([
	[' ', 'a space'],
	['\t', 'a tab'],
]);

const isTooLong = (text: string): boolean => text.length > maxRawUnits;

/** Normalises to NFC; a text too long for a nick stays unchanged. */
export const normalNick = (text: string): string =>
	isTooLong(text) ? text : text.normalize('NFC');

/**
 * The key under which a nick is unique; for comparing only. It takes any text; a
 * text too long for a nick is its own key.
 *
 * Case, width, style and look don't count: HERON is heron, Cyrillic раураl is
 * paypal, and I, l and 1 are the same. If a capital and its small form look like
 * different Latin letters (Greek Ν and ν), look beats case: they differ.
 */
export const foldNick = (nick: string): string => {
	if (isAscii.test(nick)) {
		const folded = asciiKeys();
		let key = '';
		for (let index = 0; index < nick.length; index++) {
			key += folded[nick.codePointAt(index)!]!;
		}

		return key;
	}

	if (isTooLong(nick)) {
		return nick;
	}

	const plain = nick
		.replaceAll(ignorable(), '')
		// ϲ looks like c, and NFKD would make it a common sigma.
		.replaceAll(/\u03F2/gi, 'c')
		.normalize('NFKD');
	return Array.from(plain, foldCharacter)
		.join('')
		.replaceAll(/(?<=[lj])\u0307+/g, '')
		.normalize('NFC');
};

const keysOf = (...names: readonly string[]) =>
	lazy(() => new Set(names.map(name => foldNick(name))));

/** Names reserved for sockchat itself, with any punctuation between the letters. */
const ownKeys = keysOf(
	'server',
	'system',
	'you',
	'everyone',
	'room',
	'sockchat',
	'guest',
);

/** Names that claim power over the room; only its host may have them. */
const hostKeys = keysOf(
	'host',
	'admin',
	'administrator',
	'mod',
	'moderator',
	'operator',
);

const guestPrefix = 'guest-';

// In a line of text, host. and h-o-s-t read as host.
const punctuation = /[-_.]+/g;
const guestStart = /^g[-_.]*u[-_.]*e[-_.]*s[-_.]*t[-_.]/;

/** @param why A clause such as `it is empty`. */
const nickInvalid = (value: string, why: string) =>
	unfitName(value, why, 'a nick');

const unfitName = (value: string, why: string, what: string) => {
	const end = value.length > maxNickBytes ? '⋯' : '';
	const shown = toDisplay(value.slice(0, maxNickBytes)) + end;
	return new SockchatError(
		'ERR_NICK_INVALID',
		`"${shown}" can't be ${what}: ${why}. Use letters, digits, - _ and ., at most ${maxNickColumns} of them.`,
	);
};

const whyUnfit = (nick: string): string | undefined => {
	const bytes = Buffer.byteLength(nick);
	if (bytes > maxNickBytes) {
		return `it takes ${bytes} bytes; the limit is ${maxNickBytes}`;
	}

	const shown = toDisplay(nick);
	const columns = displayWidth(shown);
	if (columns > maxNickColumns) {
		return `it takes ${columns} columns; the limit is ${maxNickColumns}`;
	}

	return isRespelt.test(shown)
		? 'it contains marks that terminals show differently'
		: undefined;
};

const whyInvalid = (nick: string): string | undefined => {
	if (nick === '') {
		return 'it is empty';
	}

	if (isTooLong(nick)) {
		return whyUnfit(nick);
	}

	if (isPlain.test(nick)) {
		// Each character is one byte and one column.
		return nick.length > maxNickColumns ? whyUnfit(nick) : undefined;
	}

	const character = forbidden().exec(nick)?.[0];
	if (character !== undefined) {
		return `it contains ${blanks.get(character) ?? displayAlone(character)}`;
	}

	if (!startsWell().test(nick)) {
		return "it doesn't start with a letter or digit";
	}

	return whyUnfit(nick);
};

/** Whose nick it is: a member's, a plain peer's, or that of the room's host. */
export type NickBearer = 'member' | 'guest' | 'host';

const whyKept = (nick: string, bearer: NickBearer): string | undefined => {
	const key = foldNick(nick);
	const bytes = Buffer.byteLength(key);
	if (bytes > maxKeyBytes) {
		return `its letters expand to ${bytes} bytes; the limit is ${maxKeyBytes}`;
	}

	const letters = key.replaceAll(punctuation, '');
	if (ownKeys().has(letters)) {
		return 'it is reserved for sockchat';
	}

	if (bearer !== 'host' && hostKeys().has(letters)) {
		return 'it is reserved for the host of the room';
	}

	return bearer !== 'guest' && guestStart.test(key)
		? `names with ${guestPrefix} are reserved for peers without a nick`
		: undefined;
};

/**
 * Checks a nick. The room checks whether it is taken, by `foldNick`.
 *
 * @param bearer Only plain peers get names such as `guest-5001`, and only the
 * host may have `admin`.
 * @returns The nick in NFC, or `ERR_NICK_INVALID` with the reason.
 */
export const parseNick = (
	text: string,
	bearer: NickBearer = 'member',
): ParsedNick => {
	const nick = normalNick(text);
	const why = whyInvalid(nick) ?? whyKept(nick, bearer);
	return why === undefined
		? {ok: true, nick: nick as Nick}
		: {ok: false, error: nickInvalid(text, why)};
};

/**
 * Checks a room's name, which is written like a nick and reserved for nobody.
 *
 * @returns The name in NFC, or an error with the reason.
 */
export const parseRoomName = (text: string): string | SockchatError => {
	const name = normalNick(text);
	const why = whyInvalid(name);
	return why === undefined ? name : unfitName(text, why, "a room's name");
};

/** Appends a suffix; cuts the stem if the result would be too long. */
const withSuffix = (stem: string, suffix: string): Nick => {
	const kept = graphemes(stem).slice(0, maxNickColumns);
	while (whyUnfit(kept.join('') + suffix) !== undefined) {
		kept.pop();
	}

	return (kept.join('') + suffix) as Nick;
};

/**
 * Suggests a free nick like one that is taken: otter-2, otter-3, …
 *
 * Even with thousands of otters it needs few calls: the number doubles until one
 * is free, then it bisects.
 *
 * @param isTaken Called with keys; must be false for some of them.
 */
export const suggestNick = (
	nick: Nick,
	isTaken: (key: string) => boolean,
): Nick => {
	const stem = nick.replace(/(?<!^guest)-\d+$/, '');
	const numbered = (count: number) => withSuffix(stem, `-${count}`);
	const isFree = (count: number) => !isTaken(foldNick(numbered(count)));
	let taken = 1;
	let free = 2;
	while (!isFree(free)) {
		[taken, free] = [free, free * 2];
	}

	while (free - taken > 1) {
		const middle = Math.floor((taken + free) / 2);
		if (isFree(middle)) {
			free = middle;
		} else {
			taken = middle;
		}
	}

	return numbered(free);
};

/** A nick from the user's login name, or `someone`. */
export const nickFromLogin = (
	login: string,
	bearer: NickBearer = 'member',
): Nick => {
	// DOMAIN\user on Windows, user@domain in directories.
	const user = login.replace(/^.*\\/s, '').replace(/@.*$/s, '');
	const allowed = isPlain.test(user)
		? user
		: normalized(user, 'NFC')
				.replaceAll(forbiddenRuns(), '-')
				.replace(badStart(), '');
	const stem = allowed.replace(/[-_.]+$/, '');
	const parsed = parseNick(withSuffix(stem, ''), bearer);
	return parsed.ok ? parsed.nick : fallbackNick;
};

import assert from 'node:assert/strict';
import {env} from 'node:process';
import {test} from 'node:test';
import fc from 'fast-check';
import {displayWidth, toDisplay} from '../../source/protocol/display.js';
import {
	foldNick,
	maxNickBytes,
	maxNickColumns,
	nickFromLogin,
	parseNick,
	suggestNick,
	type Nick,
	type NickBearer,
} from '../../source/protocol/nick.js';
import {anyCharacter} from '../helpers/any-character.js';

const numberRuns = Number(env['FAST_CHECK_RUNS'] ?? 1000);

const nickOf = (text: string, bearer?: NickBearer): Nick => {
	const parsed = parseNick(text, bearer);
	assert.ok(parsed.ok, `${JSON.stringify(text)} is refused`);
	return parsed.nick;
};

const refusalOf = (text: string): string => {
	const parsed = parseNick(text);
	assert.ok(!parsed.ok, `${JSON.stringify(text)} is let through`);
	assert.equal(parsed.error.code, 'ERR_NICK_INVALID');
	return parsed.error.message;
};

const alphabet = [
	...'aIl10OoßẞΣσςνΝéİıǰſ-_.',
	...'раулНВЗз中あＡｶﾞ한ก\u0E33\u0E49क\u094Dष\u0903بא१',
	...'\u0301\u0307\u1112\u1161\u11AB\u200D\u3164ϲ𝔞ﬁ٠',
];
const anyText = fc.oneof(
	fc.string({unit: fc.constantFrom(...alphabet), maxLength: 12}),
	fc.string({unit: anyCharacter}),
	fc.string({unit: 'grapheme', maxLength: 8}),
);

for (const text of [
	'otter',
	'j.doe_2-x',
	'7',
	'Ёлка',
	'नमस्ते',
	'น้ำ',
	'李小龍',
	'José',
	'علی',
	'guesthouse',
	'admin-2',
	'a'.repeat(maxNickColumns),
]) {
	test(`nick: takes ${text}`, () => {
		assert.equal(nickOf(text), text);
	});
}

const hint = 'Use letters, digits, - _ and ., at most 24 of them.';
const refusals: ReadonlyArray<readonly [text: string, message: string]> = [
	['ot ter', `"ot ter" can't be a nick: it contains a space. ${hint}`],
	['ot\tter', `"ot    ter" can't be a nick: it contains a tab. ${hint}`],
	['ot\nter', `"ot⏎ter" can't be a nick: it contains ⏎. ${hint}`],
	['ot\rter', `"ot␍ter" can't be a nick: it contains ␍. ${hint}`],
	['a\u2028b', `"a\\u{2028}b" can't be a nick: it contains \\u{2028}. ${hint}`],
	// These are shown as blanks, or not at all.
	['a\u00A0b', `"a\u00A0b" can't be a nick: it contains \\xa0. ${hint}`],
	['a\u3000b', `"a\u3000b" can't be a nick: it contains \\u{3000}. ${hint}`],
	['a\u200Db', `"ab" can't be a nick: it contains \\u{200d}. ${hint}`],
	['', `"" can't be a nick: it is empty. ${hint}`],
	['a:b', `"a:b" can't be a nick: it contains :. ${hint}`],
	['@otter', `"@otter" can't be a nick: it contains @. ${hint}`],
	['a\u202Eb', `"a\\u{202e}b" can't be a nick: it contains \\u{202e}. ${hint}`],
	['\u001B[2J', `"␛[2J" can't be a nick: it contains ␛. ${hint}`],
	['a\u3164', `"a\\u{3164}" can't be a nick: it contains \\u{3164}. ${hint}`],
	['🦦', `"🦦" can't be a nick: it contains 🦦. ${hint}`],
	[
		'-h',
		`"-h" can't be a nick: it doesn't start with a letter or digit. ${hint}`,
	],
	[
		'\u0301a',
		`"◌\u0301a" can't be a nick: it doesn't start with a letter or digit. ${hint}`,
	],
	[
		'a'.repeat(25),
		`"${'a'.repeat(25)}" can't be a nick: it takes 25 columns; the limit is 24. ${hint}`,
	],
	[
		'李'.repeat(13),
		`"${'李'.repeat(13)}" can't be a nick: it takes 26 columns; the limit is 24. ${hint}`,
	],
	[
		'a'.repeat(9000),
		`"${'a'.repeat(64)}⋯" can't be a nick: it takes 9000 bytes; the limit is 64. ${hint}`,
	],
	['a' + '\u0310'.repeat(5), 'marks that terminals show differently'],
	['Server', `"Server" can't be a nick: it is reserved for sockchat. ${hint}`],
	['ѕуѕtеm', `it is reserved for sockchat`],
	[
		'guest-5001',
		`"guest-5001" can't be a nick: names with guest- are reserved for peers without a nick. ${hint}`,
	],
	['guest-5OOl', 'names with guest- are reserved for peers without a nick'],
	[
		'GUЕST-of-honour',
		'names with guest- are reserved for peers without a nick',
	],
	...['host', 'Admin', 'adm1n', 'ΑDМІΝ', 'administrator', 'mod'].map(
		text => [text, 'it is reserved for the host of the room'] as const,
	),
	...['moderator', 'operator'].map(
		text => [text, 'it is reserved for the host of the room'] as const,
	),
	...['host.', 'HOST_', 'h-o-s-t', 'admin..', 'mo.d', 'h٠ost'].map(
		text => [text, 'it is reserved for the host of the room'] as const,
	),
	...['server-', 's.y.s.t.e.m', 'You_', 'guest.'].map(
		text => [text, 'it is reserved for sockchat'] as const,
	),
	...['guest_5001', 'guest.5001', 'g-uest-5001'].map(
		text =>
			[
				text,
				'names with guest- are reserved for peers without a nick',
			] as const,
	),
	['ﷺ'.repeat(20), 'its letters expand to 600 bytes; the limit is 128'],
	[
		`a${'\u0301\u0316'.repeat(15_000)}`,
		'it takes 60001 bytes; the limit is 64',
	],
];

for (const [text, message] of refusals) {
	const name = text.length > 32 ? `${text.length} characters` : toDisplay(text);
	test(`nick: refuses "${name}", and says why`, () => {
		const said = refusalOf(text);
		assert.ok(said.includes(message), said);
	});
}

for (const character of ' \t\n\u00A0:@/#,<>"\'\\!?*\u007F\u009B\u200B\u00ADː') {
	test(`nick: refuses ${JSON.stringify(character)} in a name`, () => {
		refusalOf(`ot${character}ter`);
	});
}

test('nick: is stored in NFC', () => {
	assert.equal(nickOf('Jose\u0301'), 'José');
});

test('nick: allows names that only begin or end as a reserved one', () => {
	for (const text of ['host-2', 'ghost', 'my-host', 'guesthouse', 'Modesty']) {
		assert.equal(nickOf(text), text);
	}
});

test('nick: lets the host use host names', () => {
	assert.equal(nickOf('host.', 'host'), 'host.');
	assert.equal(nickOf('host', 'host'), 'host');
	assert.equal(nickOf('admin', 'host'), 'admin');
	assert.ok(!parseNick('guest-5001', 'host').ok);
	assert.ok(!parseNick('server', 'host').ok);
});

test('nick: lets plain peers use guest names', () => {
	assert.equal(nickOf('guest-5001', 'guest'), 'guest-5001');
});

const same: ReadonlyArray<[string, string]> = [
	['HERON', 'heron'],
	['раураl', 'paypal'],
	['ТОМ', 'Tom'],
	['ѕсоре', 'scope'],
	['ｈｅｒｏｎ', 'heron'],
	['𝖍𝖊𝖗𝖔𝖓', 'heron'],
	['Straße', 'STRASSE'],
	['STRAẞE', 'strasse'],
	['ΣΟΦΟΣ', 'σοφος'],
	['l0lIta', 'lolita'],
	['admın', 'ADMİN'],
	['Jose\u0301', 'JOSÉ'],
	['ΝΙΝΑ', 'NINA'],
	['Зоя', 'зоя'],
	['ϲat', 'cat'],
];

for (const [one, other] of same) {
	test(`nick: gives ${one} and ${other} one key`, () => {
		assert.equal(foldNick(one), foldNick(other));
	});
}

test('nick: gives different names different keys', () => {
	const names = [
		'otter',
		'heron',
		'hérn',
		'Ёлка',
		'елка',
		'李',
		'季',
		'rn',
		'm',
	];
	assert.equal(new Set(names.map(name => foldNick(name))).size, names.length);
});

test('nick: is the same nick with the same key when parsed again', () => {
	let count = 0;
	const property = fc.property(anyText, text => {
		const parsed = parseNick(text);
		if (!parsed.ok) {
			assert.equal(toDisplay(parsed.error.message), parsed.error.message);
			return;
		}

		const {nick} = parsed;
		count++;
		assert.deepEqual(parseNick(nick), parsed);
		assert.notEqual(foldNick(nick), '');
		assert.equal(foldNick(text), foldNick(nick));
		assert.ok(Buffer.byteLength(nick) <= maxNickBytes);
		assert.ok(displayWidth(toDisplay(nick)) <= maxNickColumns);
	});
	fc.assert(property, {numRuns: numberRuns});
	assert.ok(
		count > numberRuns / 10,
		`only ${count} of ${numberRuns} were nicks`,
	);
});

test('nick: has a key that is its own key', () => {
	const property = fc.property(anyText, text => {
		assert.equal(foldNick(foldNick(text)), foldNick(text));
	});
	fc.assert(property, {numRuns: numberRuns});
});

test('nick: has a key that case does not change', () => {
	// These, and letters of Warang Citi, look like different Latin letters in
	// their two cases; the iota below is a mark, and no mark in capitals.
	const exceptions = /[ΝνΥυϬϭƼƽ\u{118A0}-\u{118DF}\u0345]/v;
	const property = fc.property(anyText, text => {
		fc.pre(!exceptions.test(text.normalize('NFKD')));
		assert.equal(foldNick(text.toUpperCase()), foldNick(text));
		assert.equal(foldNick(text.toLowerCase()), foldNick(text));
	});
	fc.assert(property, {numRuns: numberRuns});
});

test('nick: suggests the next number', () => {
	const taken = new Set(
		['otter', 'otter-2', 'otter-3'].map(name => foldNick(name)),
	);
	const isTaken = (key: string) => taken.has(key);
	assert.equal(suggestNick(nickOf('otter'), isTaken), 'otter-4');
	assert.equal(suggestNick(nickOf('Otter-2'), isTaken), 'Otter-4');
	assert.equal(suggestNick(nickOf('heron'), isTaken), 'heron-2');
	const guest = nickOf('guest-5001', 'guest');
	assert.equal(suggestNick(guest, isTaken), 'guest-5001-2');
});

test('nick: finds a suggestion in few calls among thousands', () => {
	const taken = new Set<string>();
	let questions = 0;
	for (let count = 0; count < 2000; count++) {
		const nick = suggestNick(nickOf('otter'), key => {
			questions++;
			return taken.has(key);
		});
		taken.add(foldNick(nick));
	}

	assert.equal(taken.size, 2000);
	assert.ok(taken.has(foldNick('otter-2001')));
	assert.ok(questions < 50_000, `${questions} questions`);
});

test('nick: suggests a nick, whatever is taken', () => {
	const property = fc.property(anyText, fc.nat({max: 300}), (text, count) => {
		const parsed = parseNick(text);
		fc.pre(parsed.ok);
		const taken = new Set<string>([foldNick(parsed.nick)]);
		let last = parsed.nick;
		for (let index = 0; index < count % 20; index++) {
			last = suggestNick(parsed.nick, key => taken.has(key));
			assert.ok(!taken.has(foldNick(last)));
			taken.add(foldNick(last));
		}

		assert.equal(nickOf(last), last);
	});
	fc.assert(property, {numRuns: numberRuns / 4});
});

const logins: ReadonlyArray<[login: string, nick: string]> = [
	['otter', 'otter'],
	['CORP\\Jane Doe', 'Jane-Doe'],
	['jane.doe@corp.example', 'jane.doe'],
	['_apt', 'apt'],
	['www-data', 'www-data'],
	['Администратор', 'Администратор'],
	['SYSTEM', 'someone'],
	['guest', 'someone'],
	['admin', 'someone'],
	['guest-5001', 'someone'],
	['', 'someone'],
	['🦦🦦', 'someone'],
	['$$$', 'someone'],
	['a'.repeat(256), 'a'.repeat(maxNickColumns)],
	['นํ้า'.repeat(40), 'นํ้า'.repeat(5)],
];

for (const [login, nick] of logins) {
	test(`nick: makes ${nick} of the login "${login.slice(0, 32)}"`, () => {
		assert.equal(nickFromLogin(login), nick);
	});
}

test('nick: makes a valid nick from any login', () => {
	const property = fc.property(anyText, login => {
		const nick = nickFromLogin(login);
		assert.equal(nickOf(nick), nick);
	});
	fc.assert(property, {numRuns: numberRuns});
});

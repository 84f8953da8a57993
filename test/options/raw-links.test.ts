/** Flags of raw mode and links: what can have no effect is refused. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {SockchatError} from '../../source/errors.js';
import {
	flagNames,
	flags,
	writtenFlag,
	type Flag,
	type FlagName,
} from '../../source/options/flags.js';
import {readWords} from '../../source/options/words.js';
import {parseOptions} from '../helpers/parse-options.js';

const links = {
	tcp: ['--port', '9000'],
	unix: ['--socket', '/run/user/raw.sock'],
	udp: ['--port', '9000', '--udp'],
	tls: ['--port', '9000', '--tls'],
	ws: ['--port', '9000', '--ws', '/'],
} as const;

type Link = keyof typeof links;

const linkNames = Object.keys(links) as readonly Link[];

/** On which links a flag can do nothing; what isn't here does something on each. */
const idle: Readonly<Partial<Record<FlagName, readonly Link[]>>> = {
	port: ['unix'],
	host: ['unix'],
	socket: ['tcp', 'udp', 'tls', 'ws'],
	localPort: ['unix'],
	backlog: ['udp'],
	wait: ['udp'],
	connectTimeout: ['udp'],
	probe: ['udp', 'tls', 'ws'],
	halfOpen: ['udp', 'ws'],
	noShutdown: ['udp'],
	telnet: ['udp'],
	udp: ['unix', 'tls', 'ws'],
	tls: ['udp'],
	ws: ['udp'],
	tlsCa: ['tcp', 'unix', 'udp', 'ws'],
	tlsInsecure: ['tcp', 'unix', 'udp', 'ws'],
	tlsName: ['tcp', 'unix', 'udp', 'ws'],
	tlsAlpn: ['tcp', 'unix', 'udp', 'ws'],
	tlsCert: ['tcp', 'unix', 'udp', 'ws'],
	tlsKey: ['tcp', 'unix', 'udp', 'ws'],
	wsBinary: ['tcp', 'unix', 'udp', 'tls'],
	wsProtocol: ['tcp', 'unix', 'udp', 'tls'],
	wsHeader: ['tcp', 'unix', 'udp', 'tls'],
	capture: ['unix', 'udp'],
	pcapng: ['unix', 'udp'],
};

const values: Readonly<Partial<Record<FlagName, string>>> = {
	host: '127.0.0.1',
	socket: '/run/user/raw.sock',
	eol: 'crlf',
	theme: 'dark',
	input: 'none',
	bell: 'off',
	notify: 'osc9',
	events: 'chunk',
	ws: '/',
	wsHeader: 'A: b',
	wsProtocol: 'chat',
	sendHex: '0a',
	reply: 'a=b',
	message: 'hi',
};

const others: Readonly<Partial<Record<FlagName, readonly string[]>>> = {
	events: ['--json'],
	tlsCert: ['--tls-key', '/etc/key'],
	tlsKey: ['--tls-cert', '/etc/cert'],
};

const wordsFor = (name: FlagName): readonly string[] => {
	const {type}: Flag = flags[name];
	const flag = writtenFlag(name);
	return [
		...(type === 'boolean' ? [flag] : [flag, values[name] ?? '7']),
		...(others[name] ?? []),
	];
};

const parse = (words: readonly string[], isTerminal: boolean) =>
	parseOptions(readWords(words), {
		isTerminal,
		loginName: () => 'otter',
		env: {HOME: '/home/otter'},
	});

const refusalOf = (parsed: unknown): string | undefined =>
	parsed instanceof SockchatError ? parsed.message : undefined;

for (const command of ['connect', 'serve'] as const) {
	const names = flagNames.filter(name => {
		const {commands, notRaw}: Flag = flags[name];
		return commands.includes(command) && notRaw === undefined && name !== 'raw';
	});
	test(`options: ${command} --raw refuses a flag that can do nothing over its link`, () => {
		for (const name of names) {
			for (const link of linkNames) {
				const flag = writtenFlag(name);
				const place = (links[link] as readonly string[]).includes(flag)
					? links[link].filter(word => word !== flag)
					: links[link];
				const isOfLink = place !== links[link];
				const words = [command, '--raw', ...links[link], ...wordsFor(name)];
				const parsed = isOfLink ? undefined : parse(words, true);
				const line = words.join(' ');
				if (idle[name]?.includes(link)) {
					assert.ok(parsed instanceof SockchatError, `${line} was taken`);
					assert.equal(parsed.code, 'ERR_USAGE', line);
					assert.match(parsed.message, /^[^\n]+\.$/, line);
					// Of a key and its certificate, the certificate is named.
					const word = name === 'tlsKey' ? '--tls-cert' : flag;
					assert.ok(parsed.message.includes(word), parsed.message);
				} else if (!isOfLink) {
					assert.equal(refusalOf(parsed), undefined, line);
				}
			}
		}
	});
}

test('options: what is about bytes that are sent is refused if nothing is', () => {
	for (const [words, flag] of [
		['connect --raw --input none --eol lf', '--eol'],
		['connect --raw --input none --eol lf --send-hex 0a', '--eol'],
		['connect --raw --input none --eol lf --send a', undefined],
		['connect --raw --eol lf', undefined],
		['serve --raw --echo --eol lf', '--eol'],
		['serve --raw --reply a=b --eol lf', undefined],
		['serve --raw --input none --to 5', '--to'],
		['serve --raw --to 5', undefined],
	] as const) {
		const parsed = parse(words.split(' '), false);
		if (flag === undefined) {
			assert.equal(refusalOf(parsed), undefined, words);
		} else {
			assert.ok(parsed instanceof SockchatError, `${words} was taken`);
			assert.equal(
				parsed.message,
				`${flag} is for stdin, which isn't read; leave it out.`,
			);
		}
	}

	// On a terminal a person may still type.
	const typed = parse(['serve', '--raw', '--echo', '--eol', 'lf'], true);
	assert.ok(!(typed instanceof SockchatError));
});

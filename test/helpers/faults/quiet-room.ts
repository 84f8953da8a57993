/**
 * A room with a history, in which nobody speaks unless told to, and what its
 * members can do that leaves nothing in the log, or hardly anything.
 */
import {randomUUID} from 'node:crypto';
import {readFileSync} from 'node:fs';
import {makePath} from '../history/kept.js';
import type {Owner} from '../environment.js';
import {openServer, type TestServer} from '../room.js';
import {until} from '../until.js';
import {
	joinWire,
	helloFrame,
	openPlain,
	openWire,
	type MemberPeer,
	type WirePeer,
} from '../wire-peer.js';

/** The texts in a history's file, in order. */
export const textsIn = (path: string): string[] =>
	readFileSync(path, 'utf8')
		.split('\n')
		.filter(line => line.startsWith('{"type":"message"'))
		.map(line => (JSON.parse(line) as {text: string}).text);

export class QuietRoom {
	readonly path: string;
	readonly server: TestServer;
	/** A member that never does anything. */
	readonly witness: MemberPeer;
	otter: MemberPeer;
	plain: WirePeer;
	nick = 'otter';
	readonly #owner: Owner;
	readonly #client: string;
	#n = 0;
	#marks = 0;

	constructor(
		owner: Owner,
		path: string,
		client: string,
		{
			server,
			witness,
			otter,
			plain,
		}: {
			server: TestServer;
			witness: MemberPeer;
			otter: MemberPeer;
			plain: WirePeer;
		},
	) {
		this.#owner = owner;
		this.path = path;
		this.#client = client;
		this.server = server;
		this.witness = witness;
		this.otter = otter;
		this.plain = plain;
	}

	/** The n of the otter's last message. */
	get n(): number {
		return this.#n;
	}

	say(text: string): void {
		this.otter.say(++this.#n, text);
	}

	whisper(to: string, text: string): void {
		this.send({type: 'whisper', n: ++this.#n, to, text});
	}

	send(...frames: readonly object[]): void {
		this.otter.send(...frames);
	}

	async openPlain(): Promise<WirePeer> {
		const plain = await openPlain(this.#owner, this.server.address);
		// The server doesn't know that it is plain before its first line.
		plain.write('/who\n');
		await plain.untilText('here: ');
		return plain;
	}

	/** A stranger that has connected and said nothing yet. */
	async openStranger(): Promise<WirePeer> {
		return openWire(this.#owner, this.server.address);
	}

	/** The otter on a new connection, whatever became of the last one. */
	async comeBack(): Promise<void> {
		this.otter = await joinWire(this.#owner, this.server.address, this.nick, {
			client: this.#client,
			since: this.otter.welcome.head,
			log: this.otter.welcome.log,
		});
	}

	/** The otter says hello once more, and is turned away. */
	async comeInVain(): Promise<void> {
		const peer = await this.openStranger();
		peer.send(helloFrame(this.nick, {client: this.#client}));
		await peer.untilFin();
		peer.end();
	}

	/** Waits until everything sent is read, stored and shown. */
	async settle(): Promise<void> {
		const mark = ++this.#marks;
		if (this.otter.hasFin || this.otter.isClosed) {
			await this.comeBack();
		}

		if (this.plain.hasFin || this.plain.isClosed) {
			this.plain = await this.openPlain();
		}

		this.otter.send({type: 'ping', id: mark});
		await this.otter.untilFrame('pong', ({id}) => id === mark);
		const whos = this.plain.text.split('here: ').length;
		this.plain.write('/who\n');
		await this.plain.until(
			'its answer',
			() => this.plain.text.split('here: ').length > whos,
		);
		const {log} = this.server.room;
		await until(() => log.unshownBytes === 0, {
			what: 'the room to show what waits',
			seen: () => `${log.shownHead} of ${log.head} entries are shown`,
			deadlineMs: 5000,
		});
	}
}

export const openQuietRoom = async (owner: Owner): Promise<QuietRoom> => {
	const path = makePath(owner);
	const server = await openServer(owner, {
		history: {path, fsync: 'interval'},
		rate: 'off',
	});
	const client = randomUUID();
	const witness = await joinWire(owner, server.address, 'witness');
	witness.isAnsweringPings = true;
	const otter = await joinWire(owner, server.address, 'otter', {client});
	const plain = await openPlain(owner, server.address);
	plain.write('/who\n');
	await plain.untilText('here: ');
	return new QuietRoom(owner, path, client, {server, witness, otter, plain});
};

const tooLong = 'x'.repeat(16_385);

type Action = (room: QuietRoom) => void | Promise<void>;

/** What is ruled about the otter, undone after it has tried something. */
const under =
	(what: 'mute' | 'ban' | 'lock', attempt: Action): Action =>
	async room => {
		const {nick: who, server} = room;
		const isRoom = what === 'lock';
		await server.rule(isRoom ? {type: 'lock'} : {type: what, who});
		await attempt(room);
		await server.rule(
			isRoom
				? {type: 'unlock'}
				: {type: what === 'mute' ? 'unmute' : 'unban', who},
		);
	};

export const actions = {
	'an ordinary message'(room) {
		room.say(`ordinary ${room.n}`);
	},
	"a nick that is one's own"({otter, nick}) {
		otter.send({type: 'nick', nick});
	},
	'a nick of nothing'({otter}) {
		otter.send({type: 'nick', nick: ''});
	},
	'a nick that is taken'({otter}) {
		otter.send({type: 'nick', nick: 'witness'});
	},
	'another nick'(room) {
		room.nick = room.nick === 'otter' ? 'heron' : 'otter';
		room.send({type: 'nick', nick: room.nick});
	},
	'an empty text'(room) {
		room.say('');
	},
	'a text that is too long'(room) {
		room.say(tooLong);
	},
	'a text with a NUL'(room) {
		room.say('a\0b');
	},
	async 'a message that is stored already'(room) {
		room.say('once');
		await room.settle();
		room.otter.say(room.n, 'once');
	},
	async 'an n that is lower'(room) {
		room.say('first');
		room.say('second');
		await room.settle();
		room.otter.say(room.n - 1, 'first');
	},
	'an n of 0'({otter}) {
		otter.say(0, 'nought');
	},
	'a whisper to nobody'(room) {
		room.whisper('nobody', 'psst');
	},
	'a whisper of nothing'(room) {
		room.whisper('witness', '');
	},
	async 'a whisper that was delivered already'(room) {
		room.whisper('witness', 'psst');
		await room.settle();
		room.otter.say(room.n, 'psst');
	},
	'a search'({otter}) {
		otter.send({type: 'search', id: 1, text: 'ordinary'});
	},
	'two searches at once'({otter}) {
		const search = {type: 'search', id: 2, text: 'nothing of the kind'};
		otter.send(search, search);
	},
	'a page of the past'({otter}) {
		otter.send({type: 'past', id: 3});
	},
	'a frame of an unknown type'({otter}) {
		otter.send({type: 'dance', with: 'me'});
	},
	'a line that is no frame'({otter}) {
		otter.write('not a frame\n\n{"type":"say"}\n');
	},
	'half a frame, and its rest'({otter}) {
		otter.write('{"type":"pi');
		otter.write('ng","id":99}\n');
	},
	'a hello within the room'({otter, nick}) {
		otter.send(helloFrame(nick));
	},
	async 'a line without end'({otter}) {
		otter.write('x'.repeat(70_000));
		await otter.untilFin();
		otter.end();
	},
	async 'coming back while the old connection stands'(room) {
		const {otter: old} = room;
		await room.comeBack();
		await old.untilFin();
		old.end();
	},
	async 'a bye'({otter}) {
		otter.send({type: 'bye'});
		otter.end();
		await otter.untilFin();
	},
	async 'a FIN'({otter}) {
		otter.end();
		await otter.untilFin();
	},
	async 'an RST'({otter}) {
		otter.reset();
		await otter.untilClosed();
	},
	async 'a kick'({server, nick, otter}) {
		await server.rule({type: 'kick', who: nick});
		await otter.untilFin();
		otter.end();
	},
	'a message while muted': under('mute', async room => {
		room.say('unheard');
		room.send({type: 'nick', nick: 'loud'});
		await room.settle();
	}),
	'coming in while banned': under('ban', async room => {
		await room.otter.untilFin();
		room.otter.end();
		await room.comeInVain();
	}),
	'a stranger before a locked door': under('lock', async room => {
		const stranger = await room.openStranger();
		stranger.send(helloFrame('stranger'));
		await stranger.untilFin();
		stranger.end();
	}),
	async 'a hello with a nick that is taken, then nothing'(room) {
		const stranger = await room.openStranger();
		stranger.send(helloFrame('witness'));
		await stranger.untilFrame('error');
		stranger.end();
		await stranger.untilFin();
	},
	async 'a connection that says nothing'(room) {
		const stranger = await room.openStranger();
		stranger.end();
		await stranger.untilFin();
	},
	async 'a web page'(room) {
		const stranger = await room.openStranger();
		stranger.isFramed = false;
		stranger.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
		await stranger.untilFin();
		stranger.end();
	},
	'plain: empty lines'({plain}) {
		plain.write('\n\r\n\n');
	},
	'plain: /nick alone'({plain}) {
		plain.write('/nick\n');
	},
	'plain: a nick that is taken'({plain}) {
		plain.write('/nick witness\n');
	},
	'plain: its own nick'({plain}) {
		plain.write('/nick wren\n/nick wren\n');
	},
	'plain: /help and what is no command'({plain}) {
		plain.write('/help\n/dance\n');
	},
	'plain: a text that is too long'({plain}) {
		plain.write(`${tooLong}\n`);
	},
	async 'plain: quit'({plain}) {
		plain.write('/quit\n');
		await plain.untilFin();
		plain.end();
	},
	async 'plain: an RST'({plain}) {
		plain.reset();
		await plain.untilClosed();
	},
} as const satisfies Record<string, Action>;

export type ActionName = keyof typeof actions;

export const actionNames = Object.keys(actions) as ActionName[];

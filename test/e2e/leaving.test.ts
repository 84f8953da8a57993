import assert from 'node:assert/strict';
import test, {after} from 'node:test';
import type {Terminal} from '../helpers/terminal.js';
import {joinWire, openPlain} from '../helpers/wire-peer.js';
import {joinScreen, loopback, serveScreen} from '../helpers/sockchat.js';

const {terminal: otter, port} = await serveScreen({after}, 'otter');
const address = loopback(port);

const ways: ReadonlyArray<{
	how: string;
	nick: string;
	leave: (terminal: Terminal) => void;
}> = [
	{
		how: '/quit',
		nick: 'avocet',
		leave(terminal) {
			terminal.type('/quit\r');
		},
	},
	{
		how: 'quit, as in the tutorial',
		nick: 'bittern',
		leave(terminal) {
			terminal.type('quit\r');
		},
	},
	{
		how: 'Ctrl-D on an empty line',
		nick: 'crake',
		leave(terminal) {
			terminal.press('ctrl-d');
		},
	},
	{
		how: 'Ctrl-C on an empty line',
		nick: 'dunlin',
		leave(terminal) {
			terminal.press('ctrl-c');
		},
	},
	{
		how: 'Ctrl-C twice with a draft',
		nick: 'eider',
		leave(terminal) {
			terminal.type('half a sent');
			terminal.press('ctrl-c', 'ctrl-c');
		},
	},
];

for (const {how, nick, leave} of ways) {
	test(`e2e: ${how} leaves, with the reason told`, async t => {
		const member = await joinScreen(t, port, nick);
		await otter.waitFor(`${nick} joined`);
		// Without a word between them, coming and going would be one row.
		otter.type(`hello ${nick}\r`);
		await member.waitFor(`hello ${nick}`);
		leave(member);
		assert.equal(await member.waitForExit(), 0);
		await otter.waitFor(`${nick} left (quit)`);
		assert.doesNotMatch(otter.text(), /half a sent/);
	});
}

test('e2e: Ctrl-D with a draft deletes instead of leaving', async t => {
	const member = await joinScreen(t, port, 'egret');
	member.type('not yet');
	member.press('ctrl-a', 'ctrl-d');
	await member.waitFor('› ot yet');
	member.press('enter');
	await otter.waitFor(/egret +ot yet$/m);
	member.type('/quit\r');
	assert.equal(await member.waitForExit(), 0);
});

test('e2e: a member that is killed is told by what its kernel sends', async t => {
	const member = await joinScreen(t, port, 'fulmar');
	otter.type('hello fulmar\r');
	await member.waitFor('hello fulmar');
	member.signal('SIGKILL');
	// A kernel that still held unread bytes for it sends RST instead of FIN.
	await otter.waitFor(/fulmar left \((closed: FIN|reset: RST)\)/);
});

test('e2e: a peer that resets its connection is told by its RST', async t => {
	const peer = await joinWire(t, address, 'gannet');
	await otter.waitFor('gannet joined');
	peer.reset();
	await otter.waitFor(/⇄ gannet \(reset: RST\)/);
});

test('e2e: a guest is named by its port, and its FIN seen', async t => {
	const guest = await openPlain(t, address);
	// A socket that is gone forgets its own end.
	const nick = `guest-${guest.socket.localPort}`;
	guest.write('ahoy\n');
	await otter.waitFor(/guest-\d+ +ahoy$/m);
	guest.end();
	await guest.untilFin();
	await otter.waitFor(`${nick} left (closed: FIN)`);
	assert.doesNotMatch(otter.text(), /closed: FIN\)\n.*closed: FIN|made/);
});

test('e2e: a web page is turned away, and nothing of it is shown', async t => {
	const browser = await openPlain(t, address);
	const {name} = browser;
	browser.write('POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nforged\r\n');
	await browser.untilText('HTTP/1.1 400 Bad Request\r\n');
	await browser.untilFin();
	await otter.waitFor(`${name} speaks HTTP; it was turned away.`);
	assert.doesNotMatch(otter.text(), /forged/);
});

test('e2e: when the host leaves, it is asked, and the room ends for all', async t => {
	const member = await joinScreen(t, port, 'heron');
	otter.press('ctrl-c');
	await otter.waitFor(
		/^\d others? (is|are) connected; the room closes for all\. \/quit or Ctrl-C again leaves\.$/m,
	);
	otter.press('ctrl-c');
	await member.waitFor('The server has shut down.');
	assert.equal(await otter.waitForExit(), 0);
});

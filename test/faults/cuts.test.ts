/** Connections that are cut at any place: nothing is lost, doubled, reordered. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {Client} from '../../source/client/client.js';
import {connectionFailed, dial} from '../../source/socket/dial.js';
import type {Message} from '../../source/protocol/frame.js';
import {nickOf, openClient} from '../helpers/client.js';
import {openFaultProxy, type Cut} from '../helpers/fault-proxy.js';
import {openServer} from '../helpers/room.js';
import {until} from '../helpers/until.js';
import {createRandom, deadlineMs, sized} from '../helpers/faults/size.js';

const clientCount = sized(50, 10);
const messagesEach = sized(200, 50);
const cutCount = sized(200, 20);
const total = clientCount * messagesEach;

const cuts: readonly Cut[] = ['fin', 'reset', 'reset-client', 'reset-server'];

test(
	`faults: ${clientCount} clients × ${messagesEach} messages, ${cutCount} cuts: the same ${total} in the same order`,
	{timeout: deadlineMs},
	async t => {
		const server = await openServer(t);
		const proxy = await openFaultProxy(t, server.address);
		const random = createRandom(4);
		const pick = <Item>(items: readonly Item[]): Item | undefined =>
			items[Math.floor(random() * items.length)];
		const all = Array.from({length: clientCount}, (_, index) => {
			const messages: Message[] = [];
			const failed: string[] = [];
			let gaps = 0;
			const client = new Client({
				dial: () => dial(proxy.address),
				describe: cause => connectionFailed(proxy.address, undefined, cause),
				nick: nickOf(`otter-${index}`),
				isNickFlexible: false,
				isRetrying: true,
				random,
				onEvent(event) {
					if (event.type === 'failed') {
						failed.push(event.error.message);
					} else if (event.type === 'frame') {
						gaps += event.frame.type === 'gap' ? 1 : 0;
						if (event.frame.type === 'message') {
							messages.push(event.frame);
						}
					}
				},
			});
			t.after(async () => {
				client.leave();
				client.leave();
				await client.closed;
			});
			return {client, messages, failed, gaps: () => gaps};
		});
		await until(() => all.every(({client}) => client.members.count > 0), {
			what: 'all to be in',
			deadlineMs,
		});

		// All cuts come while messages are under way, spread over all of them.
		let done = 0;
		for (let round = 0; round < messagesEach; round++) {
			// Some links hand on in pieces that end within a character.
			proxy.manner.pieceBytes = round % 5 === 0 ? 7 : Infinity;
			for (const [index, {client}] of all.entries()) {
				client.say(`${index}/${round} é🦦`);
			}

			for (const due = ((round + 1) * cutCount) / messagesEach; done < due;) {
				const link = await until(() => pick(proxy.open()), {
					what: 'a link to cut',
					deadlineMs,
				});
				if (done % 3 === 0) {
					// Between the store and the echo: it is in the room's log, and
					// its sender does not hear of it.
					const at = server.room.log.head;
					link.cutBefore = (chunk, way) =>
						way === 'down' && chunk.includes('"type":"message"');
					await until(
						() => !link.isOpen || server.room.log.head > at + clientCount,
						{what: 'an echo', deadlineMs: 200},
					).catch(() => undefined);
				}

				link.cut(cuts[done % cuts.length]!);
				done++;
			}

			await until(() => true, {what: 'a turn'});
		}

		proxy.manner.pieceBytes = Infinity;
		const stored = () => all.filter(({client}) => client.unstored === 0).length;
		await until(
			() =>
				stored() === all.length &&
				all.every(({messages}) => messages.length >= total),
			{
				what: 'all to have all',
				seen: () =>
					all
						.map(
							({messages, client}, index) =>
								`${index}: ${messages.length}, ${client.unstored} unstored, ${client.connection.phase}`,
						)
						.join('\n'),
				deadlineMs,
			},
		);
		const [first] = all;
		const expected = first!.messages.map(({seq, text}) => `${seq} ${text}`);
		assert.equal(expected.length, total);
		assert.equal(new Set(first!.messages.map(({text}) => text)).size, total);
		for (const {messages, failed, gaps} of all) {
			assert.deepEqual(
				messages.map(({seq, text}) => `${seq} ${text}`),
				expected,
			);
			assert.deepEqual(failed, []);
			assert.equal(gaps(), 0);
		}

		// Of each sender, in the order in which it said them.
		for (const index of all.keys()) {
			assert.deepEqual(
				first!.messages
					.filter(({text}) => text.startsWith(`${index}/`))
					.map(({n}) => n),
				Array.from({length: messagesEach}, (_, n) => n + 1),
			);
		}

		t.diagnostic(
			`${clientCount} clients, ${total} messages, ${done} cuts, ${proxy.links.length} connections: each has the same ${total} in the same order`,
		);
	},
);

test('faults: cut between store and echo, a message is resent and stored once', async t => {
	const server = await openServer(t);
	const proxy = await openFaultProxy(t, server.address);
	const otter = openClient(t, proxy.address, 'otter');
	await otter.untilPhase('open');
	const [link] = proxy.links;
	link!.cutBefore = (chunk, way) => way === 'down' && chunk.includes('"once"');
	otter.client.say('once');
	await otter.untilPhase('open', 2);
	await otter.untilStored();
	assert.equal(link!.isOpen, false);
	assert.deepEqual(otter.said(), ['once']);
	assert.equal(
		otter.of('sent').length,
		1,
		'the welcome told that it is stored',
	);
});

test('faults: delayed, split and stalled messages arrive whole', async t => {
	const server = await openServer(t);
	const proxy = await openFaultProxy(t, server.address);
	const otter = openClient(t, proxy.address, 'otter');
	const heron = openClient(t, proxy.address, 'heron');
	await otter.untilPhase('open');
	await heron.untilPhase('open');
	const texts = Array.from({length: 50}, (_, n) => `${n} ${'é🦦'.repeat(n)}`);
	proxy.manner.delayMs = 20;
	proxy.manner.pieceBytes = 1;
	for (const text of texts.slice(0, 25)) {
		otter.client.say(text);
	}

	proxy.manner.isStalled = true;
	for (const text of texts.slice(25)) {
		otter.client.say(text);
	}

	await heron.untilPhase('silent');
	proxy.manner.isStalled = false;
	await heron.until('all', () => heron.said().length === texts.length);
	assert.deepEqual(heron.said(), texts);
	await otter.untilStored();
	assert.deepEqual(heron.phases().slice(-2), ['silent', 'open']);
});

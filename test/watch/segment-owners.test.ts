/** Whose segments a client takes as its own, on a port that others use too. */
import assert from 'node:assert/strict';
import {once} from 'node:events';
import {createConnection} from 'node:net';
import {test} from 'node:test';
import {requireLoopback} from '../../source/socket/address.js';
import {systemClock} from '../../source/socket/clock.js';
import {dial} from '../../source/socket/dial.js';
import type {Step} from '../../source/tcp/tcp.js';
import {SocketWatch} from '../../source/watch/socket-watch.js';
import {requireExecutable} from '../helpers/environment.js';
import {findPort} from '../helpers/ports.js';
import {portOf} from '../helpers/room.js';
import {listenBare} from '../helpers/scripted.js';
import {until} from '../helpers/until.js';

requireExecutable('tcpdump', 'tcpdump');

const host = '127.0.0.1';

test('segment-owners: what another program sends from the same port is not ours', async t => {
	const {address} = await listenBare(t, socket => {
		socket.on('error', () => undefined).resume();
	});
	const port = portOf(address);
	const localPort = Number(await findPort());
	const captured: Array<Extract<Step, {kind: 'segment'}>> = [];
	const watch = new SocketWatch(
		systemClock,
		event => {
			const step = event.type === 'step' ? event.step : undefined;
			if (step?.kind === 'segment' && step.evidence === 'captured') {
				captured.push(step);
			}
		},
		address,
	);
	t.after(async () => {
		watch.stop();
		await watch.endCapture();
	});
	await watch.capture('client', {
		host,
		port,
		onFailure(sentence) {
			throw new Error(sentence);
		},
	});
	const says = (text: string) => captured.some(each => each.text === text);

	/** RST leaves nothing in TIME-WAIT: the port is free at once. */
	const talk = async (text: string, isFollowed: boolean) => {
		const link = isFollowed
			? dial(requireLoopback(address), localPort)
			: undefined;
		if (link) {
			watch.follow(link, 'client', undefined);
		}

		const socket = link?.socket ?? createConnection({port, host, localPort});
		await once(socket, 'connect');
		await new Promise(resolve => {
			socket.write(text, resolve);
		});
		if (isFollowed) {
			await until(() => says(text), {what: text});
		}

		socket.resetAndDestroy();
		await once(socket, 'close');
	};

	await talk('ours', true);
	await talk("another's", false);
	await talk('ours again', true);
	await until(
		() => captured.filter(({segment}) => segment === 'RST').length === 2,
		{what: 'the second RST', seen: () => JSON.stringify(captured)},
	);
	assert.ok(!says("another's"));
	assert.deepEqual(
		captured
			.filter(({segment}) => segment !== 'ACK')
			.map(({segment, text}) => `${segment} ${text ?? ''}`.trim()),
		[
			'SYN',
			'SYN+ACK',
			'PSH ours',
			'RST',
			'SYN',
			'SYN+ACK',
			'PSH ours again',
			'RST',
		],
	);
});

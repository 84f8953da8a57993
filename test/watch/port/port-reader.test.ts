/** What counts as news, on which the pace of the readings depends. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {systemClock} from '../../../source/socket/clock.js';
import type {TcpRow} from '../../../source/socket/tcp-table.js';
import {PortReader} from '../../../source/watch/port/port-reader.js';
import {kernelSocket} from '../../helpers/models.js';

test('port-reader: a timer that runs is no news, one that begins is', async () => {
	let rows: readonly TcpRow[] = [];
	const reader = new PortReader({
		clock: systemClock,
		port: 5001,
		readRows: async () => [...rows],
		readFigures: async () => undefined,
	});
	const isNews = async (inMs?: number) => {
		const socket = kernelSocket({state: 'TIME-WAIT'});
		const timer = inMs !== undefined && ({name: 'time-wait', inMs} as const);
		rows = [{socket: {...socket, ...(timer && {timer})}, inode: '0'}];
		const reading = await reader.read(new Set());
		return reading.isNews;
	};

	assert.equal(await isNews(), true);
	assert.equal(await isNews(), false);
	assert.equal(await isNews(60_000), true);
	assert.equal(await isNews(59_990), false);
});

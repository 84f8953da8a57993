/** A stream that is deleted while servers use it. */
import assert from 'node:assert/strict';
import {readFileSync, renameSync} from 'node:fs';
import {join} from 'node:path';
import {test, type TestContext} from 'node:test';
import {jetstreamManager} from '@nats-io/jetstream';
import {connect} from '@nats-io/transport-node';
import {streamOf, subjectsOf} from '../../source/relay/subjects.js';
import {openClient} from '../helpers/client.js';
import {makeScratch, openRelayed, startNats} from '../helpers/nats.js';
import {until} from '../helpers/until.js';

const name = streamOf('lab');

const gone =
	"The stream sockchat-lab is gone, and with it the room's order: it was deleted. This server makes no new one, which would be another log. Have it restored; or end all servers, move their histories away without their .outbox files, and start them again.";

const missing = (path: string): string =>
	`The relay has no stream sockchat-lab, and the history ${path} was begun from one: that was deleted, or the history is another room's. This server makes no new stream, which would be another log. Have the stream restored, or move the history away without its .outbox file.`;

const startManaged = async (t: TestContext) => {
	const nats = await startNats(t);
	const nc = await connect({servers: `127.0.0.1:${nats.port}`});
	t.after(async () => nc.close());
	const jsm = await jetstreamManager(nc);
	const config = {name, subjects: [subjectsOf('lab').log], max_msgs: 1000};
	await jsm.streams.add(config);
	return {nats, jsm, config};
};

type Opened = Awaited<ReturnType<typeof openRelayed>>;

const untilNews = async (server: Opened, pattern: RegExp) => {
	const news = () =>
		server
			.relayEvents()
			.flatMap(({isNews, error}) => (isNews && error ? [error] : []));
	await until(() => pattern.test(news().at(-1)?.message ?? ''), {
		what: `${pattern}`,
		seen: () => JSON.stringify(news()),
		deadlineMs: 30_000,
	});
	assert.equal(news().at(-1)!.code, 'ERR_RELAY');
};

test('relay: a stream that is deleted is not made anew by a server that used it', async t => {
	const {nats, jsm, config} = await startManaged(t);
	const path = join(makeScratch(t), 'lab.jsonl');
	let server = await openRelayed(t, nats.url, {path});
	const otter = openClient(t, server.address, 'otter');
	otter.client.say('before');
	await otter.untilStored();
	await jsm.streams.delete(name);
	await untilNews(
		server,
		/^The stream sockchat-lab is gone, and with it the room's order: it was deleted\. This server makes no new one, which would be another log\. Have it restored; or end all servers, move their histories away without their \.outbox files, and start them again\.$/,
	);
	assert.deepEqual(
		server
			.relayEvents()
			.filter(({error}) => /connection .* lost/.test(error?.message ?? '')),
		[],
	);
	otter.client.say('meanwhile');
	await otter.until('it, pending', () =>
		otter.frames().some(({type}) => type === 'pending'),
	);
	await assert.rejects(jsm.streams.info(name), /not found/);

	// Made anew, it is another log.
	await jsm.streams.add(config);
	await untilNews(
		server,
		/^The stream sockchat-lab was made anew: it is another log than this room's\. End this server, move its history away without its \.outbox file, and start it again; or use another --room\.$/,
	);
	assert.match(readFileSync(`${path}.outbox`, 'utf8'), /meanwhile/);
	otter.client.leave();
	otter.client.leave();
	await otter.client.closed;
	await server.end();

	// What waited goes out once it is done as the sentence says.
	renameSync(path, `${path}.old`);
	renameSync(`${path}.lock`, `${path}.old.lock`);
	server = await openRelayed(t, nats.url, {path});
	const heron = openClient(t, server.address, 'heron');
	await heron.until('it', () => heron.said().includes('meanwhile'));
	assert.deepEqual(heron.said(), ['meanwhile']);
	const {config: kept} = await jsm.streams.info(name);
	assert.equal(kept.max_msgs, 1000);
});

test('relay: a server that starts again makes no stream for a log that it has', async t => {
	const {nats, jsm} = await startManaged(t);
	const path = join(makeScratch(t), 'lab.jsonl');
	let server = await openRelayed(t, nats.url, {path});
	const otter = openClient(t, server.address, 'otter');
	otter.client.say('before');
	await otter.untilStored();
	otter.client.leave();
	otter.client.leave();
	await otter.client.closed;
	await server.end();
	const before = readFileSync(path, 'utf8');
	await jsm.streams.delete(name);
	await assert.rejects(openRelayed(t, nats.url, {path}), {
		code: 'ERR_RELAY',
		message: `${missing(path)} To open the room without it for now: --relay-optional`,
	});
	await assert.rejects(jsm.streams.info(name), /not found/);
	assert.equal(readFileSync(path, 'utf8'), before);

	// Opened all the same, it says so, too, and keeps what is said.
	server = await openRelayed(t, nats.url, {path, isOptional: true});
	await until(
		() => server.relayEvents().some(({error}) => error?.message === gone),
		{what: 'the sentence', seen: () => JSON.stringify(server.relayEvents())},
	);
	await assert.rejects(jsm.streams.info(name), /not found/);
});

test('relay: a log without entries is one, too: no stream is made for it', async t => {
	const {nats, jsm} = await startManaged(t);
	const path = join(makeScratch(t), 'lab.jsonl');
	let server = await openRelayed(t, nats.url, {path});
	await server.end();
	await jsm.streams.delete(name);
	server = await openRelayed(t, nats.url, {path, isOptional: true});
	await until(
		() =>
			server.relayEvents().some(({error}) => error?.message === missing(path)),
		{what: 'the sentence', seen: () => JSON.stringify(server.relayEvents())},
	);
	await assert.rejects(jsm.streams.info(name), /not found/);
});

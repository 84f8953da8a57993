/** The cluster of docs/relay.md: its config, its stream and its command. */
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import process from 'node:process';
import {test} from 'node:test';
import {jetstreamManager, type StreamConfig} from '@nats-io/jetstream';
import {connect} from '@nats-io/transport-node';
import {makeScratch, startNats} from '../helpers/nats.js';
import {makeAuthority} from '../helpers/nats-access.js';
import {findPort} from '../helpers/ports.js';
import {serveJson} from '../helpers/sockchat.js';
import {until} from '../helpers/until.js';

const text = readFileSync(new URL('../../docs/relay.md', import.meta.url), {
	encoding: 'utf8',
});

/** The code block with that text, without its fences. */
const blockWith = (part: string): string => {
	const block = [...text.matchAll(/```\w*\n(.*?)```/gs)]
		.map(([, code]) => code!)
		.find(code => code.includes(part));
	return block ?? assert.fail(`docs/relay.md has no block with ${part}`);
};

/** The words after a command, also on lines that go on. */
const wordsAfter = (block: string, command: string): string[] => {
	const line = block.replaceAll(/\\\n\s*/g, ' ').split('\n');
	const found = line.find(each => each.includes(command)) ?? '';
	return found
		.slice(found.indexOf(command) + command.length)
		.trim()
		.split(' ');
};

const flag = (words: readonly string[], name: string): string => {
	const at = words.indexOf(name);
	assert.notEqual(at, -1, `${name} is not there`);
	return words[at + 1]!;
};

/** What `nats stream add` makes of these flags. */
const streamOf = (
	words: readonly string[],
): Partial<StreamConfig> & {name: string} => ({
	name: words[0]!,
	subjects: [flag(words, '--subjects')],
	storage: flag(words, '--storage') as StreamConfig['storage'],
	retention: flag(words, '--retention') as StreamConfig['retention'],
	discard: flag(words, '--discard') as StreamConfig['discard'],
	max_bytes: Number(flag(words, '--max-bytes')),
	num_replicas: Number(flag(words, '--replicas')),
});

const hosts = ['10.0.0.5', '10.0.0.6', '10.0.0.7'];

test('docs: a cluster with the config of relay.md keeps the room of its command', async t => {
	const folder = makeScratch(t);
	const authority = await makeAuthority(folder);
	const tls = await authority.sign('127.0.0.1');
	const ports: string[] = [];
	const routes: string[] = [];
	for (const _ of hosts) {
		ports.push(await findPort());
		routes.push(await findPort());
	}

	/** The same on loopback. */
	const local = (part: string): string => {
		let moved = part.replace('/var/lib/nats', join(folder, 'store'));
		for (const [index, host] of hosts.entries()) {
			moved = moved
				.replaceAll(`${host}:4222`, `127.0.0.1:${ports[index]!}`)
				.replaceAll(`${host}:6222`, `127.0.0.1:${routes[index]!}`);
		}

		return moved;
	};

	const password = 'otters-only';
	const ofNodeA = blockWith('server_name: a');
	for (const [index, name] of ['a', 'b', 'c'].entries()) {
		const config = join(folder, `${name}.conf`);
		// Each has its own name and listens for itself; the routes are the others'.
		const [own, first] = [hosts[index]!, hosts[0]!];
		const swapped = ofNodeA
			.replaceAll(own, 'HOST')
			.replaceAll(first, own)
			.replaceAll('HOST', first);
		writeFileSync(
			config,
			local(swapped)
				.replace('server_name: a', `server_name: ${name}`)
				.replace('/store', `/store-${name}`)
				.replace(/^tls .*$/m, tls),
		);
		await startNats(t, {
			args: ['-c', config],
			port: ports[index]!,
			isAlone: false,
			env: {SOCKCHAT_PASSWORD: password},
		});
	}

	const nc = await connect({
		servers: ports.map(port => `127.0.0.1:${port}`),
		user: 'sockchat',
		pass: password,
		tls: {
			caFile: authority.file,
			...({checkServerIdentity: () => undefined} as object),
		},
	});
	t.after(async () => nc.close());
	const words = wordsAfter(blockWith('nats --server'), 'stream add');
	const {config} = await until(
		async () => {
			try {
				const jsm = await jetstreamManager(nc);
				return await jsm.streams.add(streamOf(words));
			} catch {
				return undefined;
			}
		},
		{what: 'the cluster to make the stream', deadlineMs: 60_000},
	);
	const commands = blockWith('nats-server -c');
	const written = commands
		.split('\n')
		.filter(line => /^(?:mkdir|\(umask)/.test(line));
	assert.equal(written.length, 2);
	execFileSync('sh', ['-ec', written.join('\n')], {
		env: {...process.env, HOME: folder, SOCKCHAT_PASSWORD: password},
	});
	const args = wordsAfter(commands, 'sockchat serve').filter(
		word => word !== '',
	);
	const {server} = await serveJson(
		t,
		[...args.map(word => local(word).replace('~', folder)), '--nick=otter'],
		{env: {NODE_EXTRA_CA_CERTS: authority.file}},
	);
	await server.waitForOutput(/"type":"relay".*"phase":"open"/);
	server.writeLine('kept by three');
	await server.waitForOutput(/"kept by three"/, {deadlineMs: 30_000});
	const jsm = await jetstreamManager(nc);
	const {state, config: used} = await jsm.streams.info(config.name);
	assert.ok(state.messages > 0);
	assert.equal(used.num_replicas, 3);
});

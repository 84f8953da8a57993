/** Real programs of other protocols: refused and named. */
import assert from 'node:assert/strict';
import {createServer} from 'node:http';
import {test, type TestContext} from 'node:test';
import {requireExecutable} from '../helpers/environment.js';
import {startProcess} from '../helpers/process.js';
import {openServer, portOf, type TestServer} from '../helpers/room.js';
import {until} from '../helpers/until.js';
import {joinWire} from '../helpers/wire-peer.js';

const assertOnly = async (
	t: TestContext,
	server: TestServer,
	protocol: string,
) => {
	const {protocol: seen} = await server.untilEvent('foreign');
	assert.equal(seen, protocol);
	await server.untilEvent('ended');
	assert.equal(server.room.log.head, 0, 'not one line in the room');
	await joinWire(t, server.address, 'otter');
};

test('foreign: openssl s_client is refused and named', async t => {
	const server = await openServer(t);
	const openssl = startProcess(t, requireExecutable('openssl', 'openssl'), [
		's_client',
		'-connect',
		`127.0.0.1:${portOf(server.address)}`,
	]);
	assert.notEqual((await openssl.waitForExit()).code, 0);
	await assertOnly(t, server, 'TLS');
});

test('foreign: ssh is refused and named', async t => {
	const server = await openServer(t);
	const ssh = startProcess(t, requireExecutable('ssh', 'openssh-client'), [
		'-o',
		'BatchMode=yes',
		'-p',
		String(portOf(server.address)),
		'nobody@127.0.0.1',
	]);
	assert.equal((await ssh.waitForExit()).code, 255);
	await assertOnly(t, server, 'SSH');
});

/** What a page can make a browser send to a loopback port. */
const pages: ReadonlyArray<[what: string, script: (url: string) => string]> = [
	[
		'a form',
		url => `
		const form = document.createElement('form');
		form.method = 'POST';
		form.enctype = 'text/plain';
		form.action = ${JSON.stringify(url)};
		const field = document.createElement('textarea');
		field.name = 'evil\\n/nick evil\\n{"type":"hello","v":1}\\nevil';
		form.append(field);
		document.body.append(form);
		form.submit();`,
	],
	[
		'fetch',
		url => `
		fetch(${JSON.stringify(url)}, {method: 'POST', mode: 'no-cors',
			body: 'evil\\n/nick evil\\n{"type":"hello","v":1}\\nevil\\n'}).catch(() => {});`,
	],
	[
		'a WebSocket',
		url => `new WebSocket(${JSON.stringify(url.replace('http', 'ws'))});`,
	],
	// As after DNS rebinding: the page's own name resolves to 127.0.0.1.
	[
		'a rebound name',
		url => `
		fetch(${JSON.stringify(url.replace('127.0.0.1', 'rebound.example'))}, {mode: 'no-cors'}).catch(() => {});`,
	],
];

/** Opens a page in a browser without its defences, like older browsers. */
const openPage = (t: TestContext, url: string) =>
	startProcess(t, requireExecutable('chromium', 'chromium'), [
		'--headless',
		'--no-sandbox',
		'--disable-gpu',
		'--disable-dev-shm-usage',
		'--no-first-run',
		'--disable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets,BlockInsecurePrivateNetworkRequests',
		'--host-resolver-rules=MAP rebound.example 127.0.0.1',
		url,
	]);

for (const [what, script] of pages) {
	test(`foreign: a page in Chromium gets no line into the room by ${what}`, async t => {
		const server = await openServer(t);
		const url = `http://127.0.0.1:${portOf(server.address)}/`;
		const page = `<body><script>${script(url)}</script>`;
		openPage(t, `data:text/html,${encodeURIComponent(page)}`);
		await assertOnly(t, server, 'HTTP');
	});
}

// A page of the server's own origin may choose its method too: its name resolved
// to its own server first, and then to ours.
test('foreign: a page in Chromium gets no line in by a rebound name and a method of its own', async t => {
	for (const length of [1, 3000, 100_000]) {
		// The page asks until our server has the port, which it can't be told of.
		const script = `
			const visit = () => fetch('/' + 'A'.repeat(${length}), {method: 'Visit-evil-now'})
				.catch(() => {}).then(() => setTimeout(visit, 100));
			visit();`;
		let isServed = false;
		const evil = createServer((_request, response) => {
			response.setHeader('connection', 'close');
			response.setHeader('content-type', 'text/html');
			response.end(`<body><script>${script}</script>`, () => {
				isServed = true;
			});
		});
		const {port} = await new Promise<{port: number}>(resolve => {
			evil.listen(0, '127.0.0.1', () => {
				resolve(evil.address() as {port: number});
			});
		});
		const page = openPage(t, `http://rebound.example:${port}/`);
		await until(() => isServed, {what: 'the page', seen: page.seen});
		await new Promise(resolve => {
			evil.close(resolve);
			evil.closeAllConnections();
		});
		const server = await openServer(t, {
			address: {kind: 'tcp', host: '127.0.0.1', port},
		});
		await assertOnly(t, server, 'HTTP');
	}
});

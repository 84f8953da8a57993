/**
 * What `sockchat watch` claims, held against what two programs say they did:
 * each call has the times before and after it, each claim its bounds.
 */
import assert from 'node:assert/strict';
import test, {type TestContext} from 'node:test';
import {requireExecutable} from '../helpers/environment.js';
import {findPort} from '../helpers/ports.js';
import {startBin, startProcess} from '../helpers/process.js';
import {until} from '../helpers/until.js';

/** Prints each call with the times around it; a line of stdin for each. */
const stepping = `
import json, socket, sys, time
port = int(sys.argv[1])
def step(name, call):
    input()
    before = time.time() * 1000
    print(json.dumps({"call": name, "before": before}), flush=True)
    result = call()
    after = time.time() * 1000
    print(json.dumps({"call": name, "before": before, "after": after}), flush=True)
    return result
`;

const serverScript = `${stepping}
server = step("socket()", socket.socket)
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
step("bind()", lambda: server.bind(("127.0.0.1", port)))
step("listen()", lambda: server.listen(1))
conn, address = step("accept()", server.accept)
step("recv(1024)", lambda: conn.recv(1024))
step("send()", lambda: conn.send(b"hello yourself"))
step("recv(1024)", lambda: conn.recv(1024))
step("close()", conn.close)
input()
`;

const clientScript = `${stepping}
client = step("socket()", socket.socket)
step("connect()", lambda: client.connect(("127.0.0.1", port)))
step("send()", lambda: client.send(b"hello"))
step("recv(1024)", lambda: client.recv(1024))
step("shutdown(SHUT_WR)", lambda: client.shutdown(socket.SHUT_WR))
step("recv(1024)", lambda: client.recv(1024))
step("close()", client.close)
input()
`;

type Called = {
	readonly call: string;
	readonly before: number;
	/** Undefined while it blocks. */
	readonly after?: number;
};

type Claim = {
	readonly type: string;
	readonly call?: string;
	readonly state?: string;
	readonly end?: 'local' | 'remote';
	readonly from?: 'local' | 'remote';
	readonly isBlocked?: true;
	readonly evidence?: string;
	readonly at?: number;
	readonly notBefore?: number;
	readonly seenAt?: number;
};

const linesOf = <T>(text: string): T[] =>
	text
		.split('\n')
		.slice(0, -1)
		.map(line => JSON.parse(line) as T);

const startStepping = (t: TestContext, script: string, port: string) => {
	const python = startProcess(t, requireExecutable('python3', 'python3'), [
		'-uc',
		script,
		port,
	]);
	const all = () => linesOf<Called>(python.stdout());
	const calls = () => all().filter(({after}) => after !== undefined);
	return {
		calls,
		/** Begins the next call. */
		go() {
			python.writeLine('');
		},
		async done(count: number) {
			await until(() => calls().length >= count, {
				what: `${count} calls`,
				seen: python.seen,
			});
		},
	};
};

test('e2e: watch dates each call of two programs within its bounds', async t => {
	const port = await findPort();
	const watch = startBin(t, ['watch', '--json', port]);
	await watch.waitForOutput('"listening":[]');
	const claims = () => linesOf<Claim>(watch.stdout());
	const untilClaim = async (what: Partial<Claim>) =>
		until(
			() =>
				claims().find(claim =>
					Object.entries(what).every(
						([key, value]) => claim[key as keyof Claim] === value,
					),
				),
			{what: JSON.stringify(what), seen: watch.seen},
		);
	const server = startStepping(t, serverScript, port);
	const client = startStepping(t, clientScript, port);

	for (const count of [1, 2, 3]) {
		server.go();
		await server.done(count);
	}

	await untilClaim({state: 'LISTEN'});
	server.go();
	await untilClaim({call: 'accept()', isBlocked: true});
	client.go();
	client.go();
	await server.done(4);
	await untilClaim({call: 'accept()', evidence: 'inferred'});
	server.go();
	await untilClaim({call: 'recv(1024)', end: 'local', isBlocked: true});
	client.go();
	await untilClaim({type: 'data', from: 'remote'});
	client.go();
	await untilClaim({call: 'recv(1024)', end: 'remote', isBlocked: true});
	server.go();
	await untilClaim({type: 'data', from: 'local'});
	server.go();
	client.go();
	await untilClaim({call: 'shutdown(SHUT_WR)'});
	client.go();
	server.go();
	await untilClaim({call: 'close()', end: 'local'});
	client.go();
	await untilClaim({call: 'close()', end: 'remote'});
	await untilClaim({state: 'TIME-WAIT', end: 'remote'});

	const calledBy = (end: 'local' | 'remote', call: string) =>
		(end === 'local' ? server : client)
			.calls()
			.filter(each => each.call === call);
	let checked = 0;
	for (const claim of claims()) {
		const {type, end, from, call, isBlocked, notBefore, seenAt, at} = claim;
		if (call === undefined && type !== 'data') {
			continue;
		}

		const [least, most] = [notBefore ?? at!, seenAt ?? at!];
		const did = calledBy((end ?? from)!, call ?? 'send()');
		// Python's clock has fractions of a millisecond.
		const isTrue = did.some(
			({before, after}) =>
				least <= after! && before <= most && (!isBlocked || most - 1 <= after!),
		);
		assert.ok(isTrue, `${JSON.stringify(claim)}\n${JSON.stringify(did)}`);
		checked++;
	}

	// Calls that were inferred, blocked or returned, and bytes.
	assert.ok(checked >= 14, `${checked} claims`);
	watch.signal('SIGINT');
	assert.deepEqual(await watch.waitForExit(), {code: 0, signal: undefined});
});

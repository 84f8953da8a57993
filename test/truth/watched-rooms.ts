/** Rooms of the built program, while `sockchat watch` looks on. */
import type {TestContext} from 'node:test';
import {bin, startProcess} from '../helpers/process.js';
import type {Scene} from '../helpers/truth/scene.js';
import type {WatchScenario} from './watch-scenarios.js';

/** sockchat, with its calls written; its lines of stdin are commands. */
const startSockchat = (
	scene: Scene,
	t: TestContext,
	command: 'serve' | 'connect',
	nick: string,
) => {
	const [strace, ...before] = scene.trace.before;
	const sockchat = bin(
		command,
		'--json',
		'--input',
		'commands',
		'--port',
		String(scene.port),
		'--nick',
		nick,
		// A member ends with its host.
		...(command === 'connect' ? ['--no-retry'] : []),
	);
	return startProcess(t, strace!, [
		...before,
		sockchat.command,
		...sockchat.args,
	]);
};

const join = async (scene: Scene, t: TestContext, nick: string) => {
	const member = startSockchat(scene, t, 'connect', nick);
	const peer = await member.waitForOutput(
		/"phase":"open",.*"local":"([\d.:]+)"/,
	);
	return {...member, peer};
};

type Process = ReturnType<typeof startSockchat>;

const say = async (
	from: Process,
	text: string,
	readers: readonly Process[],
) => {
	from.writeLine(text);
	for (const reader of [from, ...readers]) {
		await reader.waitForOutput(`"text":"${text}"`);
	}
};

/** A host and two members, who have talked. */
const roomOf = async (scene: Scene, t: TestContext) => {
	await scene.watch();
	const host = startSockchat(scene, t, 'serve', 'host');
	await host.waitForOutput('"phase":"listening"');
	const otter = await join(scene, t, 'otter');
	const heron = await join(scene, t, 'heron');
	await scene.untilRead('ESTABLISHED', 4);
	await say(otter, 'hello', [heron, host]);
	await say(heron, 'hello yourself', [otter, host]);
	await say(host, 'welcome, both', [otter, heron]);
	return {host, otter, heron};
};

/** Waits until nothing of a connection can follow but the end of TIME-WAIT. */
const untilOver = async (scene: Scene, peer: string) => {
	const isPeer = ({remote}: {readonly remote: string}) => remote === peer;
	await Promise.any([
		scene.untilClaimed('local CLOSED', isPeer),
		scene.untilClaimed('remote CLOSED', isPeer),
	]);
};

export const watchedRooms: readonly WatchScenario[] = [
	{
		name: 'a room: a member is killed with -9, another leaves, then the host',
		capture: 'always',
		async run(scene, t) {
			const {host, otter, heron} = await roomOf(scene, t);
			otter.signal('SIGKILL');
			await untilOver(scene, otter.peer);
			await say(heron, 'where are you', [host]);
			heron.writeLine('quit');
			await untilOver(scene, heron.peer);
			await heron.waitForExit();
			host.writeLine('quit');
			await host.waitForExit();
		},
	},
	{
		name: 'a room: the host leaves while its members are in',
		capture: 'always',
		async run(scene, t) {
			const {host, otter, heron} = await roomOf(scene, t);
			host.writeLine('quit');
			for (const {peer} of [otter, heron]) {
				await untilOver(scene, peer);
			}

			for (const each of [host, otter, heron]) {
				await each.waitForExit();
			}
		},
	},
];

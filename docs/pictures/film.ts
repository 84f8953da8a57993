/**
 * Makes the README's moving picture: two people in two terminals, `kill -9` of
 * the one that has the room, and how the other goes on with it.
 *
 * usage: npx tsx docs/pictures/film.ts [PORT]     5001 by default
 *
 * Needs the built bin. All is real, and so are the times, but a rest of over a
 * second is cut to one.
 */
/* eslint-disable node-test/no-import-test-files -- helpers, and no test runs. */
import {mkdtemp, readFile, rm, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {setTimeout as sleep} from 'node:timers/promises';
import {openTerminal, type Terminal} from '../../test/helpers/terminal.js';
import {renderFilm, type Shot} from './svg-film.js';

const [port = '5001'] = process.argv.slice(2);
const size = {columns: 80, rows: 12};
const target = new URL('../film.svg', import.meta.url);
const longestRest = 1000;
const lastRest = 3000;

const stops: Array<() => unknown> = [];
const owner = {
	after(stop: () => unknown) {
		stops.unshift(stop);
	},
};

/** The shell's child. */
const childOf = async (pid: number): Promise<number> => {
	const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
	return Number(/^\d+/.exec(children)?.[0]);
};

const folder = await mkdtemp(path.join(tmpdir(), 'film-'));
owner.after(async () => rm(folder, {recursive: true}));
await symlink(
	new URL('../../dist/cli.js', import.meta.url).pathname,
	path.join(folder, 'sockchat'),
);

const open = () =>
	openTerminal(owner, {
		command: 'bash',
		args: ['--norc', '--noprofile'],
		...size,
		env: {
			TZ: 'UTC',
			PS1: '$ ',
			PATH: `${folder}:${process.env['PATH']!}`,
			XDG_STATE_HOME: path.join(folder, 'state'),
			SOCKCHAT_PORT: port,
		},
	});

const screenOf = ({cells, modes, cursor}: Terminal) => ({
	cells: cells(),
	cursor: modes.isCursorHidden ? undefined : cursor(),
});

/** By hand: one key after the other. */
const typeSlowly = async (terminal: Terminal, text: string) => {
	for (const key of text) {
		terminal.type(key);
		// eslint-disable-next-line no-await-in-loop
		await sleep(35);
	}

	await sleep(150);
	terminal.type('\r');
};

const record = (terminals: readonly Terminal[]) => {
	const shots: Shot[] = [];
	let seen = '';
	let at = 0;
	let previous = performance.now();
	const timer = setInterval(() => {
		const screens = terminals.map(terminal => screenOf(terminal));
		const now = JSON.stringify(screens);
		if (now === seen) {
			return;
		}

		at += Math.min(performance.now() - previous, longestRest);
		previous = performance.now();
		seen = now;
		shots.push({at: shots.length === 0 ? (at = 0) : at, screens});
	}, 30);
	return () => {
		clearInterval(timer);
		return {shots, duration: at + lastRest};
	};
};

try {
	const [otter, heron] = [open(), open()];
	await otter.waitFor('$');
	await heron.waitFor('$');
	const stop = record([otter, heron]);
	await sleep(longestRest);
	await typeSlowly(otter, 'sockchat --nick otter');
	await otter.waitFor('otter ›');
	await typeSlowly(heron, 'sockchat --nick heron');
	await otter.waitFor('heron joined');
	await typeSlowly(heron, 'is the port free again?');
	await otter.waitFor('free again?');
	await sleep(longestRest);
	await typeSlowly(otter, 'yes, since the FIN');
	await heron.waitFor('since the FIN');
	await sleep(longestRest);
	await typeSlowly(otter, 'now watch: kill -9 for this one');
	await heron.waitFor('for this one');
	await sleep(longestRest);
	process.kill(await childOf(otter.pid), 'SIGKILL');
	await otter.waitFor('Killed');
	await heron.waitFor(/host/);
	await sleep(longestRest);
	await typeSlowly(heron, 'the room is here now, nothing is lost');
	await sleep(longestRest);
	await typeSlowly(otter, 'sockchat --nick otter');
	await otter.waitFor('nothing is lost');
	await sleep(longestRest);
	await typeSlowly(otter, 'and I am back');
	await heron.waitFor('I am back');
	await sleep(longestRest);
	const {shots, duration} = stop();
	await writeFile(
		target,
		renderFilm({
			title:
				'Two people talk; the first is killed, the second goes on with the room, and the first comes back',
			windows: ['otter', 'heron'],
			shots,
			duration,
		}),
	);
} finally {
	for (const end of stops) {
		// eslint-disable-next-line no-await-in-loop
		await end();
	}
}

/**
 * The picture of the README: a conversation in real terminals, as it was on
 * heron's screen.
 *
 * usage: node --import=tsx docs/picture.ts [PORT]     0, the default: a free one
 *
 * Needs the built bin. Times, ports and what was measured differ from run to
 * run: they are real.
 */
import {writeFile} from 'node:fs/promises';
import process from 'node:process';
import {bin} from '../test/helpers/process.js';
import {openTerminal} from '../test/helpers/terminal.js';
import {renderSvg} from './svg.js';

const [port = '0'] = process.argv.slice(2);
const size = {columns: 104, rows: 24};
const target = new URL('screen.svg', import.meta.url);

const stops: Array<() => Promise<void>> = [];
const owner = {
	after(stop: () => Promise<void>) {
		stops.unshift(stop);
	},
};

const open = (...args: readonly string[]) =>
	openTerminal(owner, {...bin(...args), ...size, env: {TZ: 'UTC'}});

try {
	const otter = open('serve', '--port', port, '--nick', 'otter');
	const boundPort = await otter.waitFor(/127\.0\.0\.1:(\d+)/);
	await otter.waitForModes({isBracketedPaste: true});

	const heron = open('connect', '--port', boundPort, '--nick', 'heron');
	await heron.waitForModes({isBracketedPaste: true});
	await otter.waitFor(/heron joined/);

	const conversation = [
		{speaker: heron, text: 'is the port free again?'},
		{speaker: otter, text: 'yes, since the FIN'},
		{speaker: otter, text: 'ss says TIME-WAIT, but SO_REUSEADDR is set'},
		{speaker: heron, text: 'then I’ll restart it. 出发 🚀'},
	];
	for (const {speaker, text} of conversation) {
		speaker.type(`${text}\r`);
		// One after the other: it is a conversation.
		// eslint-disable-next-line no-await-in-loop
		await Promise.all([otter.waitFor(text), heron.waitFor(text)]);
	}

	const last = conversation.at(-1)!.text;
	await heron.waitFor(new RegExp(`${last.replaceAll('.', String.raw`\.`)}.*✓`));
	heron.type('back in a ');
	await heron.waitFor('› back in a');

	await writeFile(
		target,
		renderSvg({
			title: 'sockchat connect --nick heron',
			cells: heron.cells(),
			cursor: heron.modes.isCursorHidden ? undefined : heron.cursor(),
		}),
	);
} finally {
	for (const stop of stops) {
		// The guest leaves before the host.
		// eslint-disable-next-line no-await-in-loop
		await stop();
	}
}

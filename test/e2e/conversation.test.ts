import assert from 'node:assert/strict';
import test, {after} from 'node:test';
import {maxTextBytes} from '../../source/protocol/frame.js';
import type {Terminal} from '../helpers/terminal.js';
import {until} from '../helpers/until.js';
import {joinScreen, serveScreen} from '../helpers/sockchat.js';

const {terminal: otter, port} = await serveScreen({after}, 'otter');
const heron = await joinScreen({after}, port, 'heron');

/** The row of a text with a nick before it, and what stands behind it. */
const said = (nick: string, text: string, rest = '') =>
	new RegExp(String.raw`\d\d:\d\d +▌?${nick} +${text} *${rest}$`, 'm');

/** The last row, without the nick in its prompt. */
const inputRow = (terminal: Terminal) =>
	terminal
		.screen()
		.at(-1)
		?.replace(/^\S+ (?=› )/u, '');

const waitForInput = async (terminal: Terminal, text: string) =>
	until(() => inputRow(terminal) === text, {
		what: `the input line ${JSON.stringify(text)}`,
		seen: terminal.framed,
	});

test('e2e: two terminals converse both ways, and see what is stored', async () => {
	await otter.waitFor('heron joined');
	heron.type('is the port free again?\r');
	await otter.waitFor(said('heron', String.raw`is the port free again\?`));
	await heron.waitFor(said('heron', String.raw`is the port free again\?`, '✓'));
	otter.type('yes, since the FIN\r');
	await heron.waitFor(said('otter', 'yes, since the FIN'));
	await otter.waitFor(said('otter', 'yes, since the FIN', '✓'));
});

test('e2e: a text and its Enter may come in two chunks', async () => {
	heron.type('in two');
	await waitForInput(heron, '› in two');
	heron.press('enter');
	await otter.waitFor(said('heron', 'in two'));
	await waitForInput(heron, '› message, or /help');
});

test('e2e: on a terminal without brackets, several lines in one chunk are a paste', async t => {
	const egret = await joinScreen(t, port, 'egret', {isOld: true});
	egret.type('first of three\rsecond of three\rthird of three\r');
	await egret.waitFor('Send 3 lines');
	egret.type('\t');
	await egret.waitFor('Send 3 lines one by one?');
	egret.press('enter');
	await otter.waitFor(
		/egret +first of three\n.* egret +second of three\n.* egret +third of three/,
	);
});

test('e2e: on a terminal that brackets pastes, lines in one chunk are typed', async t => {
	const egret = await joinScreen(t, port, 'egret');
	// Typed once its answer has come: a query of ours is answered after it.
	egret.paste('one');
	await waitForInput(egret, '› one');
	egret.type(' of two\rtwo of two\rand a draft');
	await otter.waitFor(/egret +one of two\n.* egret +two of two/);
	await waitForInput(egret, '› and a draft');
});

test('e2e: /me says what one does', async () => {
	heron.type('/me waves\r');
	await otter.waitFor(/\d\d:\d\d +\* heron waves$/m);
	await heron.waitFor(/\d\d:\d\d +\* heron waves *✓$/m);
});

test('e2e: // sends a text that starts with a slash', async () => {
	otter.type('//etc/hosts has it\r');
	await heron.waitFor(said('otter', '/etc/hosts has it'));
});

test('e2e: /msg whispers to one member, and a third sees nothing', async t => {
	const crane = await joinScreen(t, port, 'crane');
	heron.type('/msg otter a quiet word\r');
	await otter.waitFor(/heron → you: a quiet word$/m);
	await heron.waitFor(/you → otter: a quiet word *✓$/m);
	heron.type('a loud word\r');
	await crane.waitFor(said('heron', 'a loud word'));
	assert.doesNotMatch(crane.text(), /quiet/);

	heron.type('/msg nobody hello?\r');
	await heron.waitFor(/you → nobody: hello\? *✗$/m);
	await heron.waitFor('Nobody here is called "nobody".');
	crane.type('/quit\r');
	assert.equal(await crane.waitForExit(), 0);
	await otter.waitFor('crane left (quit)');
	await heron.waitFor('crane left (quit)');
});

test('e2e: /nick renames for all, and a nick that is taken is refused', async () => {
	heron.type('/nick egret\r');
	await otter.waitFor('heron is now egret');
	await heron.waitFor('heron is now egret');
	heron.type('as egret\r');
	await otter.waitFor(said('egret', 'as egret'));
	heron.type('/nick otter\r');
	await heron.waitFor('"otter" is taken, or');
	heron.type('/nick heron\r');
	await otter.waitFor('egret is now heron');
	await heron.waitFor('egret is now heron');
});

test('e2e: /who and /help answer only the one who asks', async () => {
	heron.type('/who\r');
	await heron.waitFor('2 here: otter heron');
	heron.type('/help\r');
	await heron.waitFor(/\/\/TEXT +send a text that starts with a slash/);
	heron.type('asked\r');
	await otter.waitFor(said('heron', 'asked'));
	assert.doesNotMatch(otter.text(), /a slash|2 here: otter heron/);
});

test('e2e: an unknown command is not sent; the nearest is suggested', async () => {
	heron.type('/hlep\r');
	await heron.waitFor('Unknown command /hlep. Did you mean /help?');
	heron.type('still here\r');
	await otter.waitFor(said('heron', 'still here'));
	assert.doesNotMatch(otter.text(), /hlep/);
});

test("e2e: /clear empties one's own transcript alone", async () => {
	heron.type('/clear');
	await heron.waitFor('› /clear');
	heron.press('enter');
	await waitForInput(heron, '› message, or /help');
	await heron.waitForNot('still here');
	assert.match(otter.text(), said('heron', 'still here'));
	otter.type('after the clearing\r');
	await heron.waitFor(said('otter', 'after the clearing'));
});

test('e2e: Tab completes nicks and commands', async () => {
	heron.type('ot');
	heron.press('tab');
	await waitForInput(heron, '› otter:');
	heron.type('ahoy\r');
	await otter.waitFor(said('heron', 'otter: ahoy'));
	heron.type('/m');
	heron.press('tab');
	await waitForInput(heron, '› /msg   (/me /mute)');
	heron.press('tab');
	await waitForInput(heron, '› /me   (/mute /msg)');
	heron.type('completes\r');
	await otter.waitFor(/\* heron completes$/m);
});

test('e2e: the arrows walk through what was sent, and keep the draft', async () => {
	heron.type('one for the history\r');
	await otter.waitFor(said('heron', 'one for the history'));
	heron.type('not sent yet');
	heron.press('up');
	await waitForInput(heron, '› one for the history');
	heron.press('up');
	await waitForInput(heron, '› /me completes');
	heron.press('down', 'down');
	await waitForInput(heron, '› not sent yet');
	heron.press('ctrl-u');
	await waitForInput(heron, '› message, or /help');
});

test('e2e: a paste of several lines asks first, and says how many', async () => {
	heron.type('behold: ');
	heron.paste('alpha\nbeta\ngamma');
	await waitForInput(
		heron,
		'Send 3 lines as one message? Enter · Tab line by line · Esc edit · Ctrl-C drop',
	);
	heron.press('ctrl-c');
	await waitForInput(heron, '› behold:');
	heron.paste('alpha\nbeta\ngamma\n');
	await heron.waitFor('Send 3 lines as one message?');
	heron.press('enter');
	await otter.waitFor(/heron +behold: alpha\n +┆ beta\n +┆ gamma$/m);

	heron.paste('delta\nepsilon');
	await heron.waitFor('Send 2 lines as one message?');
	heron.type('\t');
	await heron.waitFor('Send 2 lines one by one?');
	heron.press('enter');
	await otter.waitFor(/heron +delta\n.* heron +epsilon$/m);
	await waitForInput(heron, '› message, or /help');
});

test('e2e: too long a text is told, not cut and not sent', async () => {
	const fitting = 'long '.repeat(Math.floor(maxTextBytes / 5));
	const text = `${fitting}overmuch`;
	const note = `${text.length - maxTextBytes} bytes over the limit of ${maxTextBytes}`;
	heron.paste(text);
	await heron.waitFor(new RegExp(`overmuch +${note}`));
	// Had Enter sent it, no word would be left to erase.
	heron.press('enter', 'ctrl-w');
	await until(() => inputRow(heron)?.endsWith('long'), {
		what: 'the draft without its last word',
		seen: heron.framed,
	});
	assert.doesNotMatch(otter.text(), /long/);
	heron.press('enter');
	await otter.waitFor('long long long');
	await waitForInput(heron, '› message, or /help');
	assert.doesNotMatch(otter.text(), /overmuch/);
});

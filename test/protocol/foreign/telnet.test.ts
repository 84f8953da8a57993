import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {test} from 'node:test';
import fc from 'fast-check';
import {
	TelnetAnswers,
	textWithCommands,
} from '../../../source/protocol/foreign/telnet.js';
import {textOfBytes} from '../../../source/protocol/byte-text.js';

const textOf = (hex: string) => textWithCommands(Buffer.from(hex, 'hex'));
const answerTo = (hex: string) =>
	new TelnetAnswers().push(Buffer.from(hex, 'hex')).toString('hex');

test('telnet: commands have their names', () => {
	assert.equal(textOf('fffd01'), '‹IAC DO ECHO›');
	assert.equal(
		textOf('6869fffb03fffe1ffffc990a'),
		'hi‹IAC WILL SUPPRESS-GO-AHEAD›‹IAC DONT NAWS›‹IAC WONT 153›\n',
	);
	assert.equal(textOf('fff9'), '‹IAC GA›');
	assert.equal(textOf('fffa1801fff0'), '‹IAC SB TERMINAL-TYPE 01 IAC SE›');
});

test('telnet: what is no whole command stays bytes', () => {
	assert.equal(textOf('ffff'), '‹ff›‹ff›');
	assert.equal(textOf('fffd'), '‹ff›‹fd›');
	assert.equal(textOf('ffe941'), '‹ff›‹e9›A');
	assert.equal(textOf('fffa1801'), '‹ff›‹fa›\u0018\u0001');
});

test('telnet: without IAC, a text is as ever', () => {
	fc.assert(
		fc.property(fc.uint8Array({max: 0xfe}), bytes => {
			assert.equal(textWithCommands(bytes), textOfBytes(bytes));
		}),
	);
});

test('telnet: what is asked for or offered is refused', () => {
	assert.equal(answerTo('fffd01'), 'fffc01');
	assert.equal(answerTo('fffb18'), 'fffe18');
	assert.equal(answerTo('fffc01fffe01'), '');
	assert.equal(answerTo('ffff01fff9fffa18fffd01fff0'), '');
});

test('telnet: no GO AHEAD is agreed on, once', () => {
	assert.equal(answerTo('fffb03fffb03'), 'fffd03');
	assert.equal(answerTo('fffd03fffd03'), 'fffb03');
	assert.equal(answerTo('fffb03fffc03fffc03'), 'fffd03fffe03');
	assert.equal(answerTo('fffd03fffe03'), 'fffb03fffc03');
});

test('telnet: answers are the same wherever the chunks are cut', () => {
	const anyByte = fc.oneof(
		fc.constantFrom(0xff, 0xfa, 0xf0, 0xfb, 0xfc, 0xfd, 0xfe, 1, 3),
		fc.nat(255),
	);
	fc.assert(
		fc.property(fc.array(anyByte), fc.nat(), (values, cut) => {
			const bytes = Buffer.from(values);
			const at = cut % (bytes.length + 1);
			const cutUp = new TelnetAnswers();
			assert.deepEqual(
				Buffer.concat([
					cutUp.push(bytes.subarray(0, at)),
					cutUp.push(bytes.subarray(at)),
				]),
				new TelnetAnswers().push(bytes),
			);
		}),
	);
});

test('telnet: two of us fall silent, whatever they begin with', () => {
	fc.assert(
		fc.property(fc.uint8Array(), begun => {
			const [one, other] = [new TelnetAnswers(), new TelnetAnswers()];
			let said: Uint8Array = begun;
			let rounds = 0;
			for (; said.length > 0; rounds++) {
				said = one.push(other.push(said));
			}

			assert.ok(rounds <= 3, String(rounds));
		}),
	);
});

import assert from 'node:assert/strict';
import {afterEach, test} from 'node:test';
import {Box, Text} from 'ink';
import {cleanup, render} from 'ink-testing-library';
import stringWidth from 'string-width';
import {toDisplay} from '../../../source/protocol/display.js';
import type {Area, Frame} from '../../../source/ui/layout.js';
import {Pane, ruleRow} from '../../../source/ui/pane/pane.js';
import {RowText} from '../../../source/ui/text/shown-text.js';
import type {Row} from '../../../source/ui/text/row.js';

afterEach(cleanup);

const rowOf = (text: string): Row => ({spans: [{text: toDisplay(text)}]});

const show = (frame: Frame, texts: readonly string[], title = 'title') => {
	const area: Area = {x: 0, y: 0, width: 12, height: 5, frame};
	const {lastFrame} = render(
		<Pane
			area={area}
			title={toDisplay(title)}
			footer={{text: toDisplay('below')}}
		>
			{texts.map((text, index) => (
				<RowText key={index} row={rowOf(text)} />
			))}
		</Pane>,
	);
	return lastFrame()!.split('\n');
};

test('pane: a box has its labels in its upper and lower line', () => {
	assert.deepEqual(show('box', ['one', 'two']), [
		'╭ title ───╮',
		'│ one      │',
		'│ two      │',
		'│          │',
		'╰ below ───╯',
	]);
});

test('pane: rules are above and below, and cost no column', () => {
	assert.deepEqual(show('rules', ['123456789012', 'two']), [
		'─ title ────',
		'123456789012',
		'two',
		'',
		'─ below ────',
	]);
});

test('pane: a bare one shows rows only', () => {
	assert.deepEqual(show('bare', ['one', 'two']), ['one', 'two', '', '', '']);
});

test('pane: extra rows are clipped, and rows that are too wide are cut', () => {
	const texts = ['one', 'two', '3456789012345', 'four', 'five'];
	assert.deepEqual(show('box', texts), [
		'╭ title ───╮',
		'│ one      │',
		'│ two      │',
		'│ 34567890…│',
		'╰ below ───╯',
	]);
});

test('pane: what does not fit never reaches the pane below', () => {
	const area: Area = {x: 0, y: 0, width: 12, height: 2, frame: 'bare'};
	const {lastFrame} = render(
		<Box flexDirection="column">
			<Pane area={area}>
				{['one', 'two', 'three', 'four'].map(text => (
					<RowText key={text} row={rowOf(text)} />
				))}
			</Pane>
			<Text>›</Text>
		</Box>,
	);
	assert.equal(lastFrame(), 'one\ntwo\n›');
});

test('pane: an empty row keeps its place', () => {
	assert.deepEqual(show('bare', ['', 'two']).slice(0, 2), ['', 'two']);
});

test('pane: a title that is too long is cut', () => {
	assert.equal(show('box', [], 'room 127.0.0.1')[0], '╭ room 12… ╮');
});

test('pane: a rule has the given width, whatever its label', () => {
	for (let width = 2; width < 20; width++) {
		for (const label of ['', 'a', 'a long label', '漢字漢字漢字漢字']) {
			const {spans} = ruleRow(width, {text: toDisplay(label)});
			assert.equal(stringWidth(spans.map(span => span.text).join('')), width);
		}
	}
});

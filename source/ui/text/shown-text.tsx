/**
 * The only file that uses Ink's <Text>: it takes display text only, so nothing
 * that a peer sent is drawn without `toDisplay`.
 */
import chalk from 'chalk';
import {Text} from 'ink';
import TextInput from 'ink-text-input';
import type {DisplayText} from '../../protocol/display.js';
import {isPlain, textLook} from '../theme/look.js';
import type {Style} from '../theme/roles.js';
import type {Row, Span} from './row.js';

export type ShownTextProps = Style & {readonly text: DisplayText};

export function ShownText({text, ...style}: ShownTextProps) {
	return (
		<Text {...textLook(style, chalk.level)} wrap="truncate">
			{text}
		</Text>
	);
}

export function RowText({row: {spans}}: {readonly row: Row}) {
	// Ink gives an empty text no row.
	const isEmpty = spans.every(({text}) => text === '');
	return <Text wrap="truncate">{isEmpty ? ' ' : spans.map(renderSpan)}</Text>;
}

// A span never moves within its row, so its index is its key.
const renderSpan = (span: Span, index: number) =>
	isPlain(span, chalk.level) ? span.text : <ShownText key={index} {...span} />;

/** The visible part of a draft. TextInput only draws it: it gets no keys. */
export function DraftText({
	text,
	placeholder,
}: {
	readonly text: DisplayText;
	readonly placeholder: DisplayText;
}) {
	// TextInput's own grey is black on many terminals with 16 colours.
	return text === '' && placeholder !== '' ? (
		<ShownText role="faint" text={placeholder} />
	) : (
		<TextInput
			focus={false}
			showCursor={false}
			value={text}
			onChange={() => undefined}
		/>
	);
}

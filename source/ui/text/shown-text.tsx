/**
 * The only file that uses Ink's <Text>: it takes display text only, so nothing
 * that a peer sent is drawn without `toDisplay`.
 */
import {Text} from 'ink';
import TextInput from 'ink-text-input';
import {createContext, useContext} from 'react';
import type {DisplayText} from '../../protocol/display.js';
import {isPlain, textLook} from '../theme/look.js';
import type {Style} from '../theme/roles.js';
import type {Theme} from '../theme/theme.js';
import {useTheme} from '../theme/use-theme.js';
import {linked, type Link} from './links.js';
import type {Row, Span} from './row.js';

/** Whether the terminal takes links; one that doesn't might print them. */
export const LinkContext = createContext(false);

export type ShownTextProps = Style & {
	readonly text: DisplayText;
	readonly link?: Link | undefined;
};

export function ShownText({text, link, ...style}: ShownTextProps) {
	return (
		<Text {...textLook(style, useTheme())} wrap="truncate">
			{link === undefined ? text : linked(text, link)}
		</Text>
	);
}

export function RowText({row: {spans}}: {readonly row: Row}) {
	const theme = useTheme();
	// Ink gives an empty text no row.
	const isEmpty = spans.every(({text}) => text === '');
	const hasLinks = useContext(LinkContext);
	return (
		<Text wrap="truncate">
			{isEmpty
				? ' '
				: spans.map((span, index) => renderSpan(span, index, theme, hasLinks))}
		</Text>
	);
}

// A span never moves within its row, so its index is its key.
const renderSpan = (
	span: Span,
	index: number,
	theme: Theme,
	hasLinks: boolean,
) => {
	const link = hasLinks ? span.link : undefined;
	return isPlain(span, theme) && link === undefined ? (
		span.text
	) : (
		<ShownText key={index} {...span} link={link} />
	);
};

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
		<ShownText role="placeholder" text={placeholder} />
	) : (
		<TextInput
			focus={false}
			showCursor={false}
			value={text}
			onChange={() => undefined}
		/>
	);
}

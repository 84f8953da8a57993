/** Draws a screen with a store. Loading this file loads Ink and React. */
import type {ReactNode} from 'react';
import type {ThemeName} from '../options/options.js';
import {App, type AppProps} from './app.js';
import {startBell, type Bell} from './bell.js';
import {
	drawOn,
	type ShownScreen,
	type Terminal,
	type TerminalProps,
} from './draw.js';

export type ScreenFrame = Pick<AppProps, 'store' | 'monotonicMs'> & {
	readonly bell: Bell;
	readonly themeName: ThemeName;
	readonly hasMouse: boolean;
};

/** The screen of a chat. */
export const showScreen = (
	{
		bell,
		themeName,
		hasMouse,
		...props
	}: Omit<AppProps, keyof TerminalProps> & ScreenFrame,
	terminal: Terminal,
): ShownScreen => {
	const {store, monotonicMs} = props;
	return drawScreen(
		{bell, themeName, hasMouse, store, monotonicMs},
		terminal,
		terminalProps => <App {...props} {...terminalProps} />,
	);
};

/** Any app with a store, whose calls ring the bell. */
export const drawScreen = (
	{bell, themeName, hasMouse, store, monotonicMs}: ScreenFrame,
	terminal: Terminal,
	draw: (props: TerminalProps) => ReactNode,
): ShownScreen => {
	let look = () => {};
	const {write, setTitle, waitUntilExit, close} = drawOn(terminal, {
		themeName,
		hasMouse,
		store,
		onFocus(isFocused) {
			look();
			// Nobody reads the gauges of a window without the focus.
			store.rest(!isFocused);
		},
		onInput() {
			look();
		},
		draw,
	});
	const ringing = startBell({store, bell, monotonicMs, write, setTitle});
	look = ringing.look;
	return {
		waitUntilExit,
		async close() {
			ringing.stop();
			await close();
		},
	};
};

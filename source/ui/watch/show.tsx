/** Draws the screen of `watch`. Loading this file loads Ink and React. */
import type {ThemeName} from '../../options/options.js';
import {systemClock} from '../../socket/clock.js';
import {drawOn, type ShownScreen, type Terminal} from '../draw.js';
import {WatchApp, type WatchAppProps} from './watch-app.js';

export const showWatch = (
	store: WatchAppProps['store'],
	{
		theme,
		hasMouse,
		onLeave,
	}: {
		readonly theme: ThemeName;
		readonly hasMouse: boolean;
		readonly onLeave: () => void;
	},
	terminal: Terminal,
): ShownScreen =>
	drawOn(terminal, {
		themeName: theme,
		hasMouse,
		store,
		onFocus() {
			// Steps come, whether somebody looks or not.
		},
		onInput() {
			// No bell counts what was seen.
		},
		draw: props => (
			<WatchApp
				{...props}
				store={store}
				wallMs={systemClock.wallMs}
				setTimer={systemClock.setTimer}
				onLeave={onLeave}
			/>
		),
	});

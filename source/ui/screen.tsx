/** Draws the screen by Ink; all of Ink and React is behind this file. */
import {render} from 'ink';
import {App, type AppProps} from './app.js';
import {startJobControl} from './terminal/job-control.js';
import {withSteadyColumns} from './terminal/steady-columns.js';

export type Terminal = {
	readonly stdin: NodeJS.ReadStream;
	readonly stdout: NodeJS.WriteStream;
};

const clearScreen = '\u001B[2J\u001B[H';

/** @returns What ends it, and leaves the terminal as it was. */
export const showScreen = (
	props: Omit<AppProps, 'startJobControl' | 'onRedraw'>,
	{stdin, stdout}: Terminal,
) => {
	const redraw = () => {
		stdout.write(clearScreen);
		instance.clear();
		instance.rerender(app);
	};

	const app = (
		<App {...props} startJobControl={startJobControl} onRedraw={redraw} />
	);
	const instance = render(app, {
		stdin,
		stdout: withSteadyColumns(stdout),
		alternateScreen: true,
		incrementalRendering: true,
		// The store sets the pace; Ink's own throttle would hold up the keys.
		maxFps: 250,
		exitOnCtrlC: false,
		// It is a terminal, also where a CI variable is set.
		interactive: true,
	});
	return instance;
};

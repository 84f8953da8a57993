/** Draws the screen with Ink. Loading this file loads Ink and React. */
import {render} from 'ink';
import {App, type AppProps} from './app.js';
import {startJobControl} from './terminal/job-control.js';
import {withSteadyColumns} from './terminal/steady-columns.js';
import {takesOsc} from './terminal/takes-osc.js';
import {LinkContext} from './text/shown-text.js';

export type Terminal = {
	readonly stdin: NodeJS.ReadStream;
	readonly stdout: NodeJS.WriteStream;
	readonly env: Readonly<Record<string, string | undefined>>;
};

const clearScreen = '\u001B[2J\u001B[H';

/** @returns Ink's instance; `unmount` restores the terminal. */
export const showScreen = (
	props: Omit<AppProps, 'startJobControl' | 'onRedraw'>,
	{stdin, stdout, env}: Terminal,
) => {
	const redraw = () => {
		stdout.write(clearScreen);
		instance.clear();
		instance.rerender(app);
	};

	const app = (
		<LinkContext value={takesOsc(env['TERM'])}>
			<App {...props} startJobControl={startJobControl} onRedraw={redraw} />
		</LinkContext>
	);
	const instance = render(app, {
		stdin,
		stdout: withSteadyColumns(stdout),
		alternateScreen: true,
		incrementalRendering: true,
		// The store limits the rate; Ink's own throttle would delay the keys.
		maxFps: 250,
		exitOnCtrlC: false,
		// It is a terminal, even if CI is set.
		interactive: true,
	});
	return instance;
};

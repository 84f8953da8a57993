/** Draws the screen with Ink. Loading this file loads Ink and React. */
import process from 'node:process';
import {render} from 'ink';
import {App, type AppProps} from './app.js';
import {ownTitle, startAttention, type Bell} from './attention.js';
import {watchInput} from './terminal/focus.js';
import {startJobControl, type StartJobControl} from './terminal/job-control.js';
import {createScreenModes} from './terminal/screen-modes.js';
import {withSteadyColumns} from './terminal/steady-columns.js';
import {takesOsc} from './terminal/takes-osc.js';
import {LinkContext} from './text/shown-text.js';

export type Terminal = {
	readonly stdin: NodeJS.ReadStream;
	readonly stdout: NodeJS.WriteStream;
	readonly env: Readonly<Record<string, string | undefined>>;
};

const clearScreen = '\u001B[2J\u001B[H';

export type ShownScreen = {
	/** Settles when Ink has ended, by itself or after `unmount`. */
	readonly waitUntilExit: () => Promise<unknown>;
	/** Restores the terminal. */
	readonly unmount: () => void;
};

export const showScreen = (
	{
		bell,
		...props
	}: Omit<AppProps, 'startJobControl' | 'onRedraw'> & {readonly bell: Bell},
	{stdin, stdout, env}: Terminal,
): ShownScreen => {
	const write = (sequence: string) => {
		stdout.write(sequence);
	};

	const hasOsc = takesOsc(env['TERM']);
	const modes = createScreenModes(write, hasOsc, ownTitle);
	modes.enter();
	// Also where the process ends before the screen does.
	process.once('exit', modes.leave);
	const {setTitle} = modes;
	const {store, monotonicMs} = props;
	const attention = startAttention({
		store,
		bell,
		monotonicMs,
		write,
		setTitle,
	});

	const redraw = () => {
		stdout.write(clearScreen);
		instance.clear();
		instance.rerender(app);
	};

	const jobControl: StartJobControl = suspendTerminal =>
		startJobControl(async whileSuspended =>
			suspendTerminal(async () => {
				modes.leave();
				try {
					await whileSuspended();
				} finally {
					modes.enter();
				}
			}),
		);

	const app = (
		<LinkContext value={hasOsc}>
			<App {...props} startJobControl={jobControl} onRedraw={redraw} />
		</LinkContext>
	);
	const instance = render(app, {
		stdin: watchInput(stdin, {
			onFocus: attention.look,
			onInput: attention.look,
		}),
		stdout: withSteadyColumns(stdout),
		alternateScreen: true,
		incrementalRendering: true,
		// The store limits the rate; Ink's own throttle would delay the keys.
		maxFps: 250,
		exitOnCtrlC: false,
		// It is a terminal, even if CI is set.
		interactive: true,
	});
	return {
		waitUntilExit: instance.waitUntilExit,
		unmount() {
			attention.stop();
			modes.leave();
			process.off('exit', modes.leave);
			instance.unmount();
		},
	};
};

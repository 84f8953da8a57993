/**
 * Draws on a terminal with Ink: its modes, colours, focus, wheel and suspension.
 * Loading this file loads Ink and React.
 */
import process from 'node:process';
import chalk from 'chalk';
import {render} from 'ink';
import {useEffect, useState, type ReactNode} from 'react';
import {
	askForBrackets,
	canBeAsked,
	canBeAskedForBrackets,
} from '../keyboard/brackets.js';
import {calmClock, calmStdin} from '../keyboard/calm-stdin.js';
import type {ThemeName} from '../options/options.js';
import {ownTitle} from './bell.js';
import {saveMemory} from './memory.js';
import {watchColourAnswers} from './terminal/colour-answers.js';
import {createFocus, watchInput, type Focus} from './terminal/focus.js';
import {startJobControl, type StartJobControl} from './terminal/job-control.js';
import {createScreenModes} from './terminal/screen-modes.js';
import {holdWheel} from './terminal/wheel.js';
import {withSteadyColumns} from './terminal/steady-columns.js';
import {takesOsc} from './terminal/takes-osc.js';
import {LinkContext} from './text/shown-text.js';
import {chooseThemes, type ThemePair} from './theme/choose.js';
import {groundOfColour, groundOfVariable} from './theme/ground.js';
import {ThemeContext} from './theme/use-theme.js';

export type Terminal = {
	readonly stdin: NodeJS.ReadStream;
	readonly stdout: NodeJS.WriteStream;
	readonly env: Readonly<Record<string, string | undefined>>;
};

const clearScreen = '\u001B[2J\u001B[H';

type ThemedProps = {
	readonly themes: ThemePair;
	/** The variable COLORFGBG. */
	readonly variable: string | undefined;
	/** Asks the terminal for its ground, which may call back. */
	readonly ask: (onAnswer: (colour: string) => void) => void;
	/** Called once the terminal is in raw mode. */
	readonly onRaw: () => void;
	readonly children: ReactNode;
};

/**
 * Chooses by ground. The first frame waits for no answer; one that comes and
 * says otherwise repaints. Most terminals that say nothing are dark.
 */
function Themed({themes, variable, ask, onRaw, children}: ThemedProps) {
	const [ground, setGround] = useState(groundOfVariable(variable) ?? 'dark');
	const hasChoice = themes.dark !== themes.light;
	useEffect(() => {
		// The children's effects come first, so the terminal is in raw mode.
		onRaw();
	}, [onRaw]);
	useEffect(() => {
		if (hasChoice) {
			ask(colour => {
				setGround(before => groundOfColour(colour) ?? before);
			});
		}
	}, [hasChoice, ask]);
	return <ThemeContext value={themes[ground]}>{children}</ThemeContext>;
}

export type ShownScreen = {
	/** Settles when Ink has ended by itself, or was closed. */
	readonly waitUntilExit: () => Promise<unknown>;
	/** Restores the terminal. */
	readonly close: () => Promise<void>;
};

/** What an app gets of its terminal. */
export type TerminalProps = {
	/** Whether the terminal's window is in front. */
	readonly focus: Focus;
	/** Handles Ctrl-Z and SIGCONT. */
	readonly startJobControl: StartJobControl;
	/** Ctrl-L, or a resize. */
	readonly onRedraw: () => void;
};

export type DrawOptions = {
	readonly themeName: ThemeName;
	readonly hasMouse: boolean;
	/** What it shows. */
	readonly store: Parameters<typeof saveMemory>[0];
	readonly onFocus: (isFocused: boolean) => void;
	readonly onInput: () => void;
	readonly draw: (props: TerminalProps) => ReactNode;
};

export type Drawn = ShownScreen & {
	readonly write: (sequence: string) => void;
	readonly setTitle: (title: string) => void;
};

export const drawOn = (
	{stdin, stdout, env}: Terminal,
	{themeName, hasMouse, store, onFocus, onInput, draw}: DrawOptions,
): Drawn => {
	const themes = chooseThemes(themeName, chalk.level);
	// At level 0 chalk would leave out bold and dim as well. A theme without
	// colours has none at any level.
	chalk.level ||= 1;
	const answers = watchColourAnswers(stdin);
	const ask = (onAnswer: (colour: string) => void) => {
		if (canBeAsked(env['TERM'])) {
			answers.ask(stdout, onAnswer);
		}
	};

	const write = (sequence: string) => {
		stdout.write(sequence);
	};

	const hasOsc = takesOsc(env['TERM']);
	const modes = createScreenModes(write, hasOsc, ownTitle);
	modes.enter();
	// Before the colour, whose answer is waited for at the end.
	const onRaw = () => {
		modes.watchFocus();
		if (canBeAskedForBrackets(env)) {
			write(askForBrackets);
		}
	};

	// Also where the process ends before the screen does.
	process.once('exit', modes.leave);
	const {setTitle} = modes;
	const focus = createFocus();
	const wheel = holdWheel(stdout, hasMouse);
	const redraw = () => {
		stdout.write(clearScreen);
		instance.clear();
		instance.rerender(app);
	};

	const jobControl: StartJobControl = suspendTerminal =>
		startJobControl(async whileSuspended => {
			await suspendTerminal(async () => {
				modes.leave();
				try {
					await whileSuspended();
				} finally {
					modes.enter();
				}
			});
			modes.watchFocus();
		});

	const app = (
		<LinkContext value={hasOsc}>
			<Themed
				themes={themes}
				variable={env['COLORFGBG']}
				ask={ask}
				onRaw={onRaw}
			>
				{draw({
					focus,
					startJobControl: wheel.whileStopped(jobControl),
					onRedraw: redraw,
				})}
			</Themed>
		</LinkContext>
	);
	const instance = render(app, {
		stdin: calmStdin(
			watchInput(answers.stdin, {
				onFocus(isFocused) {
					focus.set(isFocused);
					onFocus(isFocused);
				},
				onInput,
			}),
			calmClock,
		),
		stdout: withSteadyColumns(stdout),
		alternateScreen: true,
		incrementalRendering: true,
		// The store limits the rate; Ink's own throttle would delay the keys.
		maxFps: 250,
		exitOnCtrlC: false,
		// It is a terminal, even if CI is set.
		interactive: true,
	});
	const stopSaving = saveMemory(store);
	return {
		write,
		setTitle,
		waitUntilExit: instance.waitUntilExit,
		async close() {
			stopSaving();
			await answers.settled();
			answers.stop();
			modes.leave();
			wheel.release();
			process.off('exit', modes.leave);
			instance.unmount();
			await instance.waitUntilExit();
		},
	};
};

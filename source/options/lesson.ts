/** The options of `sockchat lesson`. */
import type {SockchatError} from '../errors.js';
import {contradictionIn} from './contradictions.js';
import type {Config} from './config/config.js';
import type {ThemeName} from './options.js';
import {Reader, type GivenFlags} from './reader.js';
import {readOutput, readTheme} from './screen.js';
import {settle, type Variables} from './settings.js';

export type LessonOptions = {
	/** Whether it can be done here; otherwise its text is printed. */
	readonly isOnScreen: boolean;
	readonly theme: ThemeName;
	/** Whether each step of the lifecycle comes with its sentence. */
	readonly isExplained: boolean;
	/** Whether the segments are captured, too. */
	readonly isCaptured: boolean;
};

/** @param isTerminal Whether both stdin and stdout are terminals. */
export const parseLessonOptions = (
	typed: GivenFlags,
	env: Variables,
	config: Config | undefined,
	isTerminal: boolean,
): LessonOptions | SockchatError => {
	const {given, origins} = settle(typed, 'lesson', env, config);
	const wrong = contradictionIn(given, origins);
	if (wrong) {
		return wrong;
	}

	const reader = new Reader(given, origins);
	const options = {
		isOnScreen: readOutput(reader, {isTerminal, env}) === 'screen',
		theme: readTheme(reader, env),
		isExplained: reader.has('explain'),
		isCaptured: reader.has('capture'),
	};
	return reader.error ?? options;
};

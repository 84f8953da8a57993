/** What a chat is asked for: the union that front ends take. It reads nothing. */
import type {RawSocketOptions} from '../chat/open-raw.js';
import type {RoomOptions} from '../chat/room-chat.js';
import type {EventName} from '../event/event-names.js';
import type {Nick} from '../protocol/nick.js';
import type {LineEnding} from '../raw/line-ends.js';
import type {ScriptStep} from '../raw/script-steps.js';
import type {LoopbackAddress} from '../socket/address.js';
import type {inputModes, notifications, themeNames} from './choices.js';

/** The sequence that asks the terminal for a notification. */
export type Notification = (typeof notifications)[number];

/** The colours of the screen; `auto` looks at the terminal. */
export type ThemeName = (typeof themeNames)[number];

export type Output = 'screen' | 'plain' | 'json';

/** Which message ends `--wait-for` or `--wait-for-mention`. */
export type Awaited = {readonly pattern: RegExp} | {readonly mentioned: Nick};

/** What a front end does, whatever the mode. */
export type FrontOptions = {
	readonly output: Output;
	/** The colours of the screen. */
	readonly theme: ThemeName;
	/** Whether the wheel scrolls the screen, which takes the mouse over. */
	readonly hasMouse: boolean;
	/** How the screen calls for a mention or a whisper. */
	readonly bell: {
		readonly isOn: boolean;
		readonly notification: Notification;
	};
	/** Whether only errors are printed. */
	readonly isQuiet: boolean;
	/** Whether each step of the lifecycle comes with its sentence. */
	readonly isExplained: boolean;
	/** Whether plain lines begin with a time. */
	readonly isTimed: boolean;
	/** The JSON events to print; without them all but the samples. */
	readonly events: readonly EventName[] | undefined;
	/** The message to wait for. */
	readonly awaited: Awaited | undefined;
	/** To send instead of what is typed; `-` is all of stdin. */
	readonly message: string | undefined;
	readonly timeoutMs: number | undefined;
	/** Set if it is only asked who listens at these. */
	readonly probed?: readonly LoopbackAddress[] | undefined;
};

/**
 * What a line of stdin is: something to say, a command or something to say, or a
 * request as JSON. With `none` stdin isn't read, so its end means nothing.
 */
export type InputMode = (typeof inputModes)[number];

export type RoomModeOptions = {
	readonly mode: 'room';
	/** By default `commands` if stdin is a terminal, else `text`. */
	readonly input: InputMode | undefined;
	/** Whether lines are typed below what comes, on a terminal without a screen. */
	readonly isPrompted: boolean;
	/** How many earlier messages to print; undefined for what the server sends. */
	readonly lastMessages?: number | undefined;
	/** Where a screen keeps the lines that were sent; undefined: nowhere. */
	readonly typedFile?: string | undefined;
} & FrontOptions &
	RoomOptions;

export type RawModeOptions = {
	readonly mode: 'raw';
	/** What each line end is sent as; in a pipe none is touched without it. */
	readonly eol: LineEnding | undefined;
	/** What each connection begins with. */
	readonly script?: readonly ScriptStep[] | undefined;
	/** Whether stdin is read. */
	readonly isInputRead: boolean;
	/** Whether bytes are copied from stdin to stdout, and nothing else is said. */
	readonly isCopy: boolean;
	/** Whether a person types, on a screen or below lines. */
	readonly isByHand: boolean;
	/** Whether lines are typed below what comes, on a terminal without a screen. */
	readonly isPrompted: boolean;
	/** Whether escapes in typed lines stand for bytes. */
	readonly hasEscapes: boolean;
	/** Whether JSON and HTTP heads are laid out. */
	readonly isPretty: boolean;
	/** A file that gets the lines as they are shown. */
	readonly log: string | undefined;
	/** Where typed lines are kept, and what for; undefined: nowhere. */
	readonly typed?:
		{readonly file: string; readonly purpose: string} | undefined;
} & FrontOptions &
	RawSocketOptions;

export type Options = RoomModeOptions | RawModeOptions;

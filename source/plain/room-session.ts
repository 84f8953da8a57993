/** A room without a screen: what its steps and commands share. */
import type {RoomChat} from '../chat/room-chat.js';
import type {RoomModeOptions} from '../options/options.js';
import type {Printer, Streams} from './printer.js';
import type {Progress} from './progress.js';

export type RoomSession = {
	readonly chat: RoomChat;
	readonly options: RoomModeOptions;
	readonly printer: Printer;
	readonly progress: Progress;
	readonly streams: Streams;
	/** Whether the input asked to leave. */
	hasQuit: boolean;
};

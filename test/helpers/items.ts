/** Items of a transcript, with defaults for what a test doesn't care about. */
import type {
	Chunk,
	Item,
	Message,
	Notice,
	Whisper,
} from '../../source/store/item.js';

/** 14:02 in the time zone of the tests. */
const at = new Date(2026, 0, 2, 14, 2).getTime();

export const message = (part: Partial<Message> = {}): Item => ({
	kind: 'message',
	at,
	from: 'otter',
	id: '0123456789abcdef',
	text: 'hello',
	mark: undefined,
	...part,
});

export const whisper = (part: Partial<Whisper> = {}): Item => ({
	kind: 'whisper',
	at,
	from: 'otter',
	to: 'heron',
	text: 'hello',
	mark: undefined,
	...part,
});

export const notice = (part: Partial<Notice> = {}): Item => ({
	kind: 'notice',
	at,
	tone: 'info',
	text: 'otter joined',
	...part,
});

export const chunk = (
	text: string | Uint8Array,
	part: Partial<Chunk> = {},
): Item => ({
	kind: 'chunk',
	at,
	direction: 'in',
	peer: undefined,
	bytes: typeof text === 'string' ? Buffer.from(text) : text,
	...part,
});

/**
 * What a text is on the screen. Panes and rows name a role; `look.ts` alone
 * turns it into colours, by a theme. No state is shown by colour alone.
 */
import {foldNick} from '../../protocol/nick.js';

export type Role =
	/** One's own nick. */
	| 'own'
	/** Somebody else's nick. */
	| 'other'
	/** Times, hints, notices: what may be overlooked. */
	| 'faint'
	| 'good'
	| 'warn'
	| 'alarm'
	| 'whisper'
	/** The bar beside a mention, or a whisper to the reader. */
	| 'call'
	/** The reader's own nick, in what somebody else says. */
	| 'mention'
	/** Who whispers to the reader. */
	| 'whisper-in'
	/** The marks of a message on its way, and of one that is stored. */
	| 'pending-mark'
	| 'stored-mark'
	| 'failed-mark'
	| 'prompt'
	/** In an empty input: what may be typed. */
	| 'placeholder'
	/** The question that a paste asks. */
	| 'question'
	/** How many messages are new below. */
	| 'unread'
	/** What a line across the transcript says, such as another day. */
	| 'rule'
	/** A word that is searched for, and one where the reader is. */
	| 'hit'
	| 'current-hit'
	/** Lines around panes and across the transcript; a pane's title. */
	| 'frame'
	| 'title'
	/** The column that a table is sorted by. */
	| 'sorted'
	/** The size of a raw chunk in the transcript. */
	| 'chunk-in'
	| 'chunk-out'
	/** In the wire view. */
	| 'arrow-in'
	| 'arrow-out'
	| 'frame-end'
	| 'control-byte'
	| 'invalid-byte';

export type Style = {
	readonly role?: Role;
	/** Of a nick: any whole number from 0 up; see `hueOf`. */
	readonly hue?: number;
};

export const isSameStyle = (a: Style, b: Style): boolean =>
	a.role === b.role && a.hue === b.hue;

/**
 * The hue of a nick, the same wherever the nick is shown. Nicks that count as
 * the same have the same one.
 */
export const hueOf = (nick: string): number => {
	// FNV-1a.
	let hash = 0x81_1c_9d_c5;
	const key = foldNick(nick);
	for (let index = 0; index < key.length; index++) {
		hash = Math.imul(hash ^ key.charCodeAt(index), 0x01_00_01_93);
	}

	return hash >>> 0;
};

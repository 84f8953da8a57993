/** What a key does on the screen of `watch`. Pure. */
import {quoted} from '../../errors.js';
import type {Looking, PortLook} from '../../store/port-model.js';
import type {Key} from '../input/keys.js';
import type {Move} from '../view.js';

export type WatchAction =
	| {readonly kind: 'look'; readonly looking: Looking}
	| {readonly kind: 'move'; readonly move: Move}
	| {readonly kind: 'leave' | 'redraw' | 'suspend'};

const looking = (done: Looking): readonly WatchAction[] => [
	{kind: 'look', looking: done},
];

const moves: Readonly<Partial<Record<Key['type'], Move>>> = {
	'page-up': 'page-up',
	'page-down': 'page-down',
	'row-up': 'row-up',
	'row-down': 'row-down',
	top: 'top',
	bottom: 'bottom',
	start: 'top',
	end: 'bottom',
};

/** A letter that is a key. */
const pressed = (
	letter: string,
	{isHelpShown}: PortLook,
): readonly WatchAction[] => {
	switch (letter) {
		case 'q': {
			return [{kind: 'leave'}];
		}

		case '?': {
			return looking({do: 'help', isShown: !isHelpShown});
		}

		case '/': {
			return looking({do: 'type', typed: '/'});
		}

		case 'a': {
			return looking({do: 'choose-all'});
		}

		case 'c': {
			return looking({do: 'spell'});
		}

		case 'e': {
			return looking({do: 'explain'});
		}

		case 'f': {
			return [{kind: 'move', move: 'bottom'}];
		}

		default: {
			return [];
		}
	}
};

const ran = (typed: string): readonly WatchAction[] => {
	switch (typed.trim()) {
		case '/help': {
			return looking({do: 'help', isShown: true});
		}

		case '/quit': {
			return [{kind: 'leave'}];
		}

		default: {
			return looking({
				do: 'note',
				text: `There is no ${quoted(typed.trim())} here, only /help and /quit; ? shows the keys.`,
			});
		}
	}
};

/** A command has a name, not a text. */
const maxTyped = 40;

/** While a command is being typed. */
const typing = (typed: string, key: Key): readonly WatchAction[] => {
	switch (key.type) {
		case 'insert': {
			const longer = (typed + key.text).slice(0, maxTyped);
			return looking({do: 'type', typed: longer});
		}

		case 'submit': {
			return ran(typed);
		}

		case 'delete-back': {
			const shorter = typed.slice(0, -1);
			return looking({do: 'type', typed: shorter || undefined});
		}

		case 'escape':
		case 'interrupt':
		case 'kill-to-start': {
			return looking({do: 'type', typed: undefined});
		}

		case 'end-of-input': {
			return [{kind: 'leave'}];
		}

		default: {
			return [];
		}
	}
};

/** @returns What to do, in order; the look after one is that for the next. */
export const actionsFor = (
	key: Key,
	look: PortLook,
): readonly WatchAction[] => {
	if (look.typed !== undefined) {
		return typing(look.typed, key);
	}

	const move = moves[key.type];
	if (move !== undefined) {
		return [{kind: 'move', move}];
	}

	switch (key.type) {
		case 'insert': {
			return pressed(key.text, look);
		}

		case 'older':
		case 'complete-back': {
			return looking({do: 'choose', by: -1});
		}

		case 'newer':
		case 'complete': {
			return looking({do: 'choose', by: 1});
		}

		case 'escape': {
			return look.isHelpShown
				? looking({do: 'help', isShown: false})
				: [{kind: 'move', move: 'bottom'}];
		}

		case 'next-order': {
			return looking({do: 'spell'});
		}

		case 'interrupt':
		case 'end-of-input': {
			return [{kind: 'leave'}];
		}

		case 'redraw':
		case 'suspend': {
			return [{kind: key.type}];
		}

		default: {
			return [];
		}
	}
};

/** Each letter by itself, as a text may hold several keys. */
export const singleKeys = (key: Key): readonly Key[] =>
	key.type === 'insert'
		? [...key.text].map(text => ({type: 'insert', text}))
		: [key];

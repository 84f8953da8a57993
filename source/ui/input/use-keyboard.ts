/**
 * The terminal's keyboard, as editor keys and pastes.
 *
 * One read of stdin may contain many keys, which all arrive before React
 * renders again: `onKey` must not depend on state of the last render.
 */
import {useInput, usePaste} from 'ink';
import {splitKeys, type Key} from './keys.js';

export type Keyboard = {
	readonly onKey: (key: Key) => void;
	/** The text as the terminal sent it: its line ends are usually '\r'. */
	readonly onPaste: (text: string) => void;
};

/** Ctrl-C arrives only if Ink is rendered with `exitOnCtrlC: false`. */
export const useKeyboard = ({onKey, onPaste}: Keyboard): void => {
	useInput((input, key) => {
		for (const pressed of splitKeys(input, key)) {
			onKey(pressed);
		}
	});
	usePaste(onPaste);
};

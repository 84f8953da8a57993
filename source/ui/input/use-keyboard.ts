/**
 * The terminal's keyboard, as editor keys and pastes.
 *
 * One read of stdin may hold many keys, and they all come before React renders
 * again: `onKey` must not rest on state of the last render. Keep the draft in
 * a ref or a store, or use `setDraft(draft => …)`.
 */
import {useInput, usePaste} from 'ink';
import {splitKeys, type Key} from './keys.js';

export type Keyboard = {
	readonly onKey: (key: Key) => void;
	/** The text as the terminal sent it: its line ends are mostly '\r'. */
	readonly onPaste: (text: string) => void;
};

/** Ctrl-C only arrives if Ink is rendered with `exitOnCtrlC: false`. */
export const useKeyboard = ({onKey, onPaste}: Keyboard): void => {
	useInput((input, key) => {
		for (const pressed of splitKeys(input, key)) {
			onKey(pressed);
		}
	});
	usePaste(onPaste);
};

/**
 * What the terminal does while the screen is shown, besides what Ink does: it
 * reports its focus, and has a title of ours. The title it had is pushed on the
 * terminal's stack (XTWINOPS 22) and popped at the end.
 */
import {focusReportsOff, focusReportsOn} from './focus.js';

export type ScreenModes = {
	/** Sets the title, now or at the next `enter`. */
	readonly setTitle: (title: string) => void;
	readonly enter: () => void;
	/**
	 * Asks for reports of the focus, once the terminal is in raw mode: tmux sends
	 * the first at once, and the kernel would echo it.
	 */
	readonly watchFocus: () => void;
	/** Gives the terminal back, at the end and before the job stops. */
	readonly leave: () => void;
};

/**
 * @param hasTitle Whether the terminal has titles.
 * @param title Our own text only: nothing that a peer sent.
 */
export const createScreenModes = (
	write: (sequence: string) => void,
	hasTitle: boolean,
	title: string,
): ScreenModes => {
	let isOn = false;
	let current = title;
	const titled = () => `\u001B]0;${current}\u001B\\`;
	return {
		setTitle(next) {
			const isNew = next !== current;
			current = next;
			if (isOn && isNew && hasTitle) {
				write(titled());
			}
		},
		enter() {
			if (!isOn) {
				isOn = true;
				// Keys typed before this were echoed by the kernel, and the alternate
				// screen begins in the column where they left the cursor.
				write((hasTitle ? `\u001B[22;0t${titled()}` : '') + '\r');
			}
		},
		watchFocus() {
			if (isOn) {
				write(focusReportsOn);
			}
		},
		leave() {
			if (isOn) {
				isOn = false;
				write(focusReportsOff + (hasTitle ? '\u001B[23;0t' : ''));
			}
		},
	};
};

/**
 * The wheel must not recall old input: on the alternate screen many terminals
 * send arrow keys for it, unless DECSET 1007 is reset.
 *
 * With --mouse it scrolls: the terminal then reports the mouse (DECSET 1000 and
 * 1006), of which keyboard/calm-input.ts takes the wheel alone. That takes selecting away
 * from the terminal, so nobody gets it unasked.
 *
 * A terminal that can't save and restore the mode has it set by default; one
 * that can gets back what it had.
 */
import {writeSync} from 'node:fs';
import process from 'node:process';
import type {StartJobControl} from './job-control.js';

const arrowsOff = '\u001B[?1007s\u001B[?1007l';
const arrowsBack = '\u001B[?1007h\u001B[?1007r';
const reportsOn = '\u001B[?1000h\u001B[?1006h';
const reportsOff = '\u001B[?1006l\u001B[?1000l';

export type Wheel = {
	/** Gives it back while the job is stopped. */
	readonly whileStopped: (start: StartJobControl) => StartJobControl;
	/** Gives it back; only the first call counts. */
	readonly release: () => void;
};

export const holdWheel = (
	stdout: NodeJS.WriteStream,
	hasMouse: boolean,
): Wheel => {
	const takeWheel = arrowsOff + (hasMouse ? reportsOn : '');
	const giveWheelBack = (hasMouse ? reportsOff : '') + arrowsBack;
	stdout.write(takeWheel);
	const onExit = () => {
		try {
			// Nothing asynchronous is written any more.
			writeSync((stdout as {fd?: number}).fd ?? 1, giveWheelBack);
		} catch {
			// The terminal is gone.
		}
	};

	process.once('exit', onExit);
	let isHeld = true;
	return {
		whileStopped: start => suspendTerminal =>
			start(async whileSuspended =>
				suspendTerminal(async () => {
					stdout.write(giveWheelBack);
					try {
						await whileSuspended();
					} finally {
						stdout.write(takeWheel);
					}
				}),
			),
		release() {
			if (isHeld) {
				isHeld = false;
				process.off('exit', onExit);
				stdout.write(giveWheelBack);
			}
		},
	};
};

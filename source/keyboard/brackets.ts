/**
 * Whether the terminal puts a paste in brackets (DECSET 2004). One that does
 * never sends a paste as keys: lines that come faster than a hand are then typed
 * by a program, such as `tmux send-keys` or `kitten @ send-text`.
 *
 * Terminals tell by DECRQM. tmux 3.3 doesn't know that question, but says its
 * name (XTVERSION), and has brackets in each version that does.
 */
import {escape} from './sequences.js';

/** To be written in raw mode, or the kernel echoes the answer. */
export const askForBrackets = `${escape}[>q${escape}[?2004$p`;

/** Set, reset or always set: the mode is known. 0 and 4 are no. */
const isKnown = /^\u001B\[\?2004;[123]\$y$/;
const tmuxName = `${escape}P>|tmux `;

/** @param sequence A whole one, as the terminal sent it. */
export const saysBrackets = (sequence: string): boolean =>
	isKnown.test(sequence) || sequence.startsWith(tmuxName);

/** Terminals that might print a question. */
const deafTerminals = /^(?:linux|vt\d|ansi|cygwin|cons|sun|wy|dumb|eterm)/;

export const canBeAsked = (term: string | undefined): boolean =>
	term !== undefined && !deafTerminals.test(term);

/** Terminal.app takes the end of DECRQM for a letter. */
export const canBeAskedForBrackets = (
	env: Readonly<Record<string, string | undefined>>,
): boolean =>
	canBeAsked(env['TERM']) && env['TERM_PROGRAM'] !== 'Apple_Terminal';

/** What a room's stream and subjects are called. */
import {Buffer} from 'node:buffer';

/** A room's name as a part of subjects: letters and digits stay as they are. */
const tokenOf = (room: string): string =>
	Array.from(Buffer.from(room), byte => {
		const character = String.fromCodePoint(byte);
		return /[\w-]/.test(character) && character !== '_'
			? character
			: `_${byte.toString(16).padStart(2, '0')}`;
	}).join('');

export const streamOf = (room: string): string => `sockchat-${tokenOf(room)}`;

export const subjectsOf = (room: string) => {
	const prefix = `sockchat.${tokenOf(room)}`;
	return {
		log: `${prefix}.log`,
		beat: `${prefix}.beat`,
		all: `${prefix}.all`,
		to: (server: string) => `${prefix}.to.${server}`,
	};
};

/** What a server asks another one of the same room. */
import {frameLine} from '../protocol/codec.js';
import type {Whispered} from '../protocol/frame.js';
import type {Errand} from '../room/relay.js';

/** @param to The receiver's public id. */
export const whisperErrand = (to: string, frame: Whispered): Errand => ({
	type: 'whisper',
	to,
	frame: frameLine(frame).trimEnd(),
});

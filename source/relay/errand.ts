/** Errands between servers, as they are read from other machines. */
import {parseNick} from '../protocol/nick.js';
import {isFrameTime} from '../protocol/time.js';
import type {Errand} from '../room/relay.js';

export type Envelope = {
	/** Whose errand it is. */
	readonly server: string;
	readonly errand: Errand;
};

/** @param server Whose errand it is. */
export const wrapErrand = (server: string, errand: Errand): string => {
	const envelope: Envelope = {server, errand};
	return JSON.stringify(envelope);
};

const isId = (value: unknown): boolean =>
	typeof value === 'string' && /^[\da-f]{16}$/.test(value);

const isNickIfGiven = (value: unknown): boolean =>
	value === undefined ||
	(typeof value === 'string' && parseNick(value, 'host').ok);

const isTimeIfGiven = (value: unknown): boolean =>
	value === undefined || isFrameTime(value);

/** What a server calls a request of one of its members to a bot elsewhere. */
export const isRequestName = (value: unknown): value is string =>
	typeof value === 'string' && /^[\da-f]{8}:\d{1,15}$/.test(value);

const isErrand = (value: unknown): value is Errand => {
	const {type, id, to, nick, frame, request, bot, at, by, done} = (value ??
		{}) as Record<string, unknown>;
	if (!isTimeIfGiven(done)) {
		return false;
	}

	switch (type) {
		case 'whisper': {
			return isId(to) && typeof frame === 'string';
		}

		case 'command': {
			return isRequestName(request) && isId(bot) && typeof frame === 'string';
		}

		case 'answered': {
			return isRequestName(request) && typeof frame === 'string';
		}

		case 'ban':
		case 'mute': {
			return isId(id) && typeof nick === 'string' && isNickIfGiven(by);
		}

		case 'kick':
		case 'unban':
		case 'unmute': {
			return isId(id);
		}

		case 'lock': {
			return isTimeIfGiven(at);
		}

		case 'unlock': {
			return true;
		}

		default: {
			return false;
		}
	}
};

/** @returns Undefined if it isn't an errand. */
export const errandIn = (text: string): Envelope | undefined => {
	try {
		const {server, errand} = JSON.parse(text) as Record<string, unknown>;
		return typeof server === 'string' && isErrand(errand)
			? {server, errand}
			: undefined;
	} catch {
		return undefined;
	}
};

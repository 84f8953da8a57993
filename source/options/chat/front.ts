/** What a front end does, whatever the mode. */
import {parseEventNames, type EventName} from '../../event/event-names.js';
import {fallbackNick, parseNick} from '../../protocol/nick.js';
import {checkText} from '../../protocol/text.js';
import type {LoopbackAddress} from '../../socket/address.js';
import {readProbed} from '../address.js';
import {notifications} from '../choices.js';
import type {Awaited, FrontOptions} from '../options.js';
import {parsePattern} from '../pattern.js';
import {wrongUsage, type Reader} from '../reader.js';
import {readOutput, readTheme, type Terminal} from '../screen.js';

const readEvents = (
	reader: Reader,
	awaited: Awaited | undefined,
): readonly EventName[] | undefined => {
	const list = reader.text('events');
	if (list === undefined) {
		// What matches is printed alone.
		return awaited && [];
	}

	return reader.take(
		reader.has('json')
			? parseEventNames(list)
			: wrongUsage('--events needs --json.'),
		[],
		'events',
	);
};

const readAwaited = (reader: Reader): Awaited | undefined => {
	const pattern = reader.text('waitFor');
	if (pattern !== undefined) {
		return {
			pattern: reader.take(parsePattern(pattern, 'waitFor'), /^$/, 'waitFor'),
		};
	}

	const name = reader.text('waitForMention');
	if (name === undefined) {
		return undefined;
	}

	// The host may have a name that others may not.
	const parsed = parseNick(name, 'host');
	return {
		mentioned: reader.take(
			parsed.ok ? parsed.nick : parsed.error,
			fallbackNick,
			'waitForMention',
		),
	};
};

/** One that the room would refuse is refused before joining. */
const readMessage = (reader: Reader): string | undefined => {
	if (reader.isEmpty('message')) {
		const empty = wrongUsage(
			'--message is empty; a message has at least one character.',
		);
		return reader.take<string>(empty, '', 'message');
	}

	const message = reader.text('message');
	const isRoomText = message !== undefined && !reader.has('raw');
	const wrong = isRoomText ? checkText(message) : undefined;
	return wrong ? reader.take<string>(wrong, '', 'message') : message;
};

export const readFront = (
	reader: Reader,
	terminal: Terminal,
	named: LoopbackAddress,
): FrontOptions => {
	const probed = readProbed(reader, named);
	const isExplained = reader.has('explain');
	const message = readMessage(reader);
	const awaited = readAwaited(reader);
	const isOneShot = message !== undefined || awaited !== undefined;
	return {
		output: readOutput(reader, terminal),
		theme: readTheme(reader, terminal.env),
		hasMouse: reader.has('mouse'),
		bell: {
			isOn: reader.choice('bell', ['on', 'off']) !== 'off',
			notification: reader.choice('notify', notifications) ?? 'none',
		},
		// With a message to send, or one to wait for, the transcript is noise.
		isQuiet: reader.has('quiet') || (!isExplained && isOneShot),
		isExplained,
		isTimed: reader.has('times'),
		events: readEvents(reader, awaited),
		awaited,
		message,
		timeoutMs: reader.seconds('timeout'),
		...(probed && {probed}),
	};
};

/**
 * `sockchat proxy` in lines or JSON. Stdin has commands, from whatever it is;
 * its end ends nothing.
 */
import type {Readable, Writable} from 'node:stream';
import type {Ending} from '../../chat/ending.js';
import {openProxy, type OpenProxy} from '../../chat/open-proxy.js';
import type {SockchatError} from '../../errors.js';
import type {ProxyEvent} from '../../event/proxy-event.js';
import type {ProxyOptions} from '../../options/proxy.js';
import {display, jsonSafe, toDisplay} from '../../protocol/display.js';
import {ByteText} from '../../protocol/byte-text.js';
import {parseProxyLine, proxyHelp} from '../../proxy/commands.js';
import {ChunkObjects} from '../../recording/chunk-objects.js';
import {reasonOf} from '../../new-file.js';
import {proxyWordsOf} from '../../store/proxy-notice.js';
import {readLines} from '../input.js';
import type {Output} from '../output.js';
import {formatDateTime} from '../times.js';

const line = (value: object): string => `${jsonSafe(JSON.stringify(value))}\n`;

const shownCharacters = 40;

const previewOf = (bytes: Uint8Array): string => {
	const text = new ByteText();
	const shown = text.push(bytes.subarray(0, shownCharacters)) + text.takeRest();
	return bytes.length > shownCharacters ? `${shown}⋯` : shown;
};

/** What an event is in a line; undefined for nothing. */
const wordsOfEvent = (event: ProxyEvent): string | undefined => {
	if (event.type !== 'chunk') {
		return proxyWordsOf(event)?.text;
	}

	const {direction, peer, bytes, frame} = event;
	const arrow = direction === 'out' ? '→' : '←';
	const kind = frame === undefined ? '' : ` ${frame}`;
	return `${peer} ${arrow}${kind} ${bytes.length} B ${JSON.stringify(previewOf(bytes))}`;
};

/** The object of an event, with `type` first. */
const objectOf = (event: ProxyEvent, chunks: ChunkObjects): object => {
	switch (event.type) {
		case 'chunk': {
			return chunks.objectOf(event);
		}

		case 'listening': {
			const {at, state, place, link} = event;
			return {type: 'state', phase: state.phase, at, ...place, link};
		}

		default: {
			return event;
		}
	}
};

export type RunningProxy = {
	readonly ended: Promise<Ending>;
	readonly leave: () => void;
};

type Streams = {
	readonly stdout: Output;
	readonly stderr: Writable;
	/** Commands, a line each. */
	readonly stdin: Readable;
};

/** @returns What to say. */
const perform = (proxy: OpenProxy, typed: string): string => {
	const command = parseProxyLine(typed);
	if (typeof command === 'string') {
		return command;
	}

	if (command.type === 'help') {
		return proxyHelp;
	}

	if (command.type === 'quit') {
		proxy.leave();
		return '';
	}

	return proxy.perform(command).sentence;
};

/** @throws {SockchatError} If a file is wrong, or it can't listen. */
export const startProxy = async (
	options: ProxyOptions,
	{stdout, stderr, stdin}: Streams,
): Promise<RunningProxy> => {
	const {output, isQuiet, isTimed, isExplained} = options;
	const chunks = new ChunkObjects();
	const write = (event: ProxyEvent): void => {
		if (event.type === 'ended') {
			chunks.forget(event.peer);
		}

		if (output === 'json') {
			stdout.write(line(objectOf(event, chunks)));
			return;
		}

		const isBad = event.type === 'notice' && event.tone === 'bad';
		const words = isQuiet && !isBad ? undefined : wordsOfEvent(event);
		if (words === undefined) {
			return;
		}

		const time = isTimed ? `${formatDateTime(event.at)} ` : '';
		const shown = display`${time}${words}\n`;
		if (isBad) {
			stderr.write(shown);
		} else {
			stdout.write(shown);
		}
	};

	const proxy = await openProxy(options, {
		isWatched: output === 'json' || !isQuiet,
		hasEnds: isExplained,
		onEvent: write,
		onFailure({code, message}: SockchatError, peer) {
			if (output === 'json') {
				stdout.write(line({type: 'error', code, message, peer}));
			} else {
				const text = peer === undefined ? message : `${peer}: ${message}`;
				stderr.write(`${toDisplay(text)}\n`);
			}
		},
	});
	const say = (text: string) => {
		if (text !== '') {
			stderr.write(`${toDisplay(text, {lines: 'keep'})}\n`);
		}
	};

	let hasEnded = false;
	const readCommands = async () => {
		try {
			for await (const typed of readLines(stdin)) {
				if (typeof typed !== 'string') {
					say(typed.message);
				} else if (typed.trim() !== '') {
					say(perform(proxy, typed));
				}
			}
		} catch (error) {
			if (!hasEnded) {
				say(`Commands can't be read any more: ${reasonOf(error)}.`);
			}
		}
	};

	const run = async (): Promise<Ending> => {
		const ending = await proxy.ended;
		hasEnded = true;
		stdin.destroy();
		await stdout.flush();
		return ending;
	};

	void readCommands();
	return {ended: run(), leave: proxy.leave};
};

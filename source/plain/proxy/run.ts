/**
 * `sockchat proxy` in lines or JSON. Commands are read from a terminal; the end
 * of stdin ends nothing.
 */
import {createInterface} from 'node:readline';
import type {Writable} from 'node:stream';
import type {Ending} from '../../chat/ending.js';
import {assertNever, type SockchatError} from '../../errors.js';
import type {EndStates, ProxyEvent} from '../../event/proxy-event.js';
import type {ProxyOptions} from '../../options/proxy.js';
import {display, jsonSafe, toDisplay} from '../../protocol/display.js';
import {ByteText} from '../../protocol/byte-text.js';
import {parseProxyLine, proxyHelp} from '../../proxy/commands.js';
import {Proxy} from '../../proxy/proxy.js';
import {ChunkObjects} from '../../recording/chunk-objects.js';
import {Recorder} from '../../recording/recorder.js';
import {systemClock} from '../../socket/clock.js';
import {
	certificateNotice,
	prepareDial,
	prepareListening,
} from '../../socket/link/transport.js';
import {wordsOf} from '../../store/notice.js';
import type {Answer} from '../../tcp/socket-action.js';
import type {Output} from '../output.js';
import {formatDateTime} from '../times.js';

const line = (value: object): string => `${jsonSafe(JSON.stringify(value))}\n`;

const shownCharacters = 40;

const previewOf = (bytes: Uint8Array): string => {
	const text = new ByteText();
	const shown = text.push(bytes.subarray(0, shownCharacters)) + text.takeRest();
	return bytes.length > shownCharacters ? `${shown}⋯` : shown;
};

const endsWords = (states: EndStates | undefined, ours: string): string =>
	`${ours} ${states?.local ?? '-'}, ${states?.remote ?? '-'}`;

/** What an event is in a line; undefined for nothing. */
const wordsOfEvent = (event: ProxyEvent): string | undefined => {
	switch (event.type) {
		case 'chunk': {
			const {direction, peer, bytes, frame} = event;
			const arrow = direction === 'out' ? '→' : '←';
			const kind = frame === undefined ? '' : ` ${frame}`;
			return `${peer} ${arrow}${kind} ${bytes.length} B ${JSON.stringify(previewOf(bytes))}`;
		}

		case 'target': {
			const {peer, local = '', remote = '', link} = event;
			const agreed = link?.kind === 'tls' ? `, ${link.version}` : '';
			return `${peer}: connected to ${remote === '' ? 'the target' : remote}${local === '' ? '' : ` from ${local}`}${agreed}`;
		}

		case 'fin': {
			const {peer, direction} = event;
			return `${peer} ${direction === 'out' ? '→' : '←'} FIN`;
		}

		case 'ends': {
			const {peer, client, target} = event;
			return `${peer}: client ${endsWords(client, 'us')}; target ${endsWords(target, 'us')}`;
		}

		case 'ended': {
			const {peer, reason, bytesIn, bytesOut} = event;
			return `${peer}: ended (${reason === 'reset' ? 'reset: RST' : 'closed'}), ${bytesOut} B out, ${bytesIn} B in`;
		}

		default: {
			return wordsOf(event)?.text;
		}
	}
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
	/** Undefined unless it is a terminal. */
	readonly stdin: NodeJS.ReadStream | undefined;
};

const perform = (
	proxy: Proxy,
	typed: string,
	leave: () => void,
): Answer | string => {
	const command = parseProxyLine(typed);
	if (typeof command === 'string') {
		return command;
	}

	switch (command.type) {
		case 'faults': {
			return proxy.setFaults(command.change, command.scope);
		}

		case 'cut': {
			return proxy.cut(command.scope);
		}

		case 'reset': {
			return proxy.reset(command.scope);
		}

		case 'help': {
			return proxyHelp;
		}

		case 'quit': {
			leave();
			return '';
		}

		default: {
			return assertNever(command);
		}
	}
};

/** @throws {SockchatError} If a file is wrong, or it can't listen. */
export const startProxy = async (
	options: ProxyOptions,
	{stdout, stderr, stdin}: Streams,
): Promise<RunningProxy> => {
	const {listen, target, output, isQuiet, isTimed, isExplained} = options;
	// What is wrong with a file is said before anything is opened.
	const dialler = await prepareDial(target.address, undefined, target.link);
	const {createListener, fingerprint} = await prepareListening(
		listen.address,
		listen.link,
	);
	const chunks = new ChunkObjects();
	let hasFailed = false;
	let hasLeft = false;
	let hasLost = false;
	const write = (event: ProxyEvent): void => {
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

	const fail = (error: SockchatError, peer?: string): void => {
		hasFailed = true;
		const text =
			peer === undefined ? error.message : `${peer}: ${error.message}`;
		if (output === 'json') {
			const {code, message} = error;
			stdout.write(line({type: 'error', code, message, peer}));
		} else {
			stderr.write(`${toDisplay(text)}\n`);
		}
	};

	const recorder =
		options.record === undefined
			? undefined
			: new Recorder({
					path: options.record,
					side: 'proxy',
					address: target.address,
					onFailure: fail,
				});
	const proxy = new Proxy({
		listen: listen.address,
		target: target.address,
		createListener,
		dialler,
		faults: options.faults,
		isOnce: options.isOnce,
		isWatched: output === 'json' || !isQuiet,
		hasEnds: isExplained,
		recorder,
		onEvent: write,
		onFailure(error, peer) {
			hasLost ||= error.code === 'ERR_LOST' && hasLeft;
			fail(error, peer);
		},
	});
	await proxy.listen();
	if (fingerprint !== undefined) {
		write(certificateNotice(fingerprint, systemClock.wallMs()));
	}

	const leave = () => {
		if (hasLeft) {
			proxy.destroy();
		} else {
			hasLeft = true;
			proxy.leave();
		}
	};

	const typing = stdin && createInterface({input: stdin, terminal: false});
	typing?.on('line', typed => {
		if (typed.trim() === '') {
			return;
		}

		const answer = perform(proxy, typed, leave);
		const text = typeof answer === 'string' ? answer : answer.sentence;
		if (text !== '') {
			stderr.write(`${toDisplay(text, {lines: 'keep'})}\n`);
		}
	});
	const run = async (): Promise<Ending> => {
		await proxy.closed();
		typing?.close();
		stdin?.destroy();
		recorder?.close();
		await stdout.flush();
		return {
			// One that can't be reached doesn't end it, unless it was the only one.
			hasFailed: hasFailed && options.isOnce,
			isLate: false,
			isUnfinished: hasLost,
		};
	};

	return {ended: run(), leave};
};

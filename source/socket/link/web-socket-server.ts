/**
 * Accepts WebSockets (RFC 6455) on connections that were accepted elsewhere.
 *
 * Any web page can make a browser ask for one, so a request whose Origin isn't
 * of this machine is refused.
 */
import {Buffer} from 'node:buffer';
import {createServer} from 'node:http';
import type {Duplex} from 'node:stream';
import {clearTimeout, setTimeout} from 'node:timers';
import {WebSocketServer} from 'ws';
import {handshakeTimeoutMs} from '../../connection/lifecycle.js';
import {quoted, type SockchatError} from '../../errors.js';
import {ipVersionOf} from '../address.js';
import type {OuterLink} from '../link.js';
import {
	WebSocketLink,
	webSocketError,
	webSocketSettings,
} from './web-socket.js';

/** Of a page of this machine; a program sends none. */
const isOwnOrigin = (origin: string | undefined): boolean => {
	if (origin === undefined) {
		return true;
	}

	const host = URL.canParse(origin) ? new URL(origin).hostname : '';
	return (
		host === 'localhost' ||
		host.endsWith('.localhost') ||
		host === '[::1]' ||
		(ipVersionOf(host) === 4 && host.startsWith('127.'))
	);
};

export type WebSocketAccept = {
	readonly path: string;
	readonly isBinary: boolean;
	readonly maxMessageBytes: number;
};

export type Settled = {
	readonly onOpen: (link: WebSocketLink) => void;
	/** It was turned away. */
	readonly onFailure: (error: SockchatError) => void;
};

const refusalText = {
	403: 'Forbidden',
	404: 'Not Found',
	426: 'Upgrade Required',
} as const;

/** Refuses a request, and closes. */
const refuse = (
	stream: Duplex,
	status: keyof typeof refusalText,
	sentence: string,
): void => {
	const body = `${sentence}\n`;
	stream.end(
		[
			`HTTP/1.1 ${status} ${refusalText[status]}`,
			'Connection: close',
			'Content-Type: text/plain; charset=utf-8',
			...(status === 426 ? ['Upgrade: websocket'] : []),
			`Content-Length: ${Buffer.byteLength(body)}`,
			'',
			body,
		].join('\r\n'),
		() => {
			stream.destroy();
		},
	);
};

/** @returns What opens a WebSocket on each link that was accepted. */
export const createWebSocketServer = ({
	path,
	isBinary,
	maxMessageBytes,
}: WebSocketAccept) => {
	const webSockets = new WebSocketServer({
		...webSocketSettings,
		maxPayload: maxMessageBytes,
		noServer: true,
		clientTracking: false,
	});
	const waiting = new WeakMap<Duplex, Settled & {readonly inner: OuterLink}>();
	const turnAway = (
		stream: Duplex,
		status: keyof typeof refusalText,
		sentence: string,
	) => {
		refuse(stream, status, sentence);
		waiting.get(stream)?.onFailure(webSocketError(sentence));
		waiting.delete(stream);
	};

	const server = createServer((request, response) => {
		response.setHeader('Connection', 'close');
		const stream = request.socket;
		response.detachSocket(stream);
		turnAway(
			stream,
			426,
			`This is a WebSocket at ${path}, and the request was plain HTTP.`,
		);
	});
	server.on('upgrade', (request, stream: Duplex, head) => {
		const peer = waiting.get(stream);
		const {origin} = request.headers;
		const asked = (request.url ?? '').split('?', 1)[0]!;
		if (!isOwnOrigin(origin)) {
			turnAway(
				stream,
				403,
				`A page of ${quoted(origin!)} asked for the WebSocket; only pages of this machine may.`,
			);
			return;
		}

		if (asked !== path.split('?', 1)[0]) {
			turnAway(
				stream,
				404,
				`There is no WebSocket at ${quoted(asked)}, only at ${path}.`,
			);
			return;
		}

		webSockets.handleUpgrade(request, stream, head, socket => {
			if (peer) {
				const link = new WebSocketLink(peer.inner, path, isBinary);
				peer.onOpen(link);
				link.stream.begin(socket);
			}
		});
	});
	server.on('clientError', (error, stream: Duplex) => {
		waiting
			.get(stream)
			?.onFailure(
				webSocketError(`No WebSocket was asked for: ${error.message}.`, error),
			);
		waiting.delete(stream);
		stream.destroy();
	});
	return {
		open(inner: OuterLink, settled: Settled): void {
			const {stream} = inner;
			const timer = setTimeout(() => {
				settled.onFailure(
					webSocketError(
						`No WebSocket was asked for within ${handshakeTimeoutMs / 1000} s.`,
					),
				);
				stream.destroy();
			}, handshakeTimeoutMs);
			const stop = () => {
				clearTimeout(timer);
			};

			stream.once('close', stop);
			waiting.set(stream, {
				inner,
				onOpen(link) {
					stop();
					settled.onOpen(link);
				},
				onFailure(error) {
					stop();
					settled.onFailure(error);
				},
			});
			server.emit('connection', stream);
		},
	};
};

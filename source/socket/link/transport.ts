/**
 * Opens links of the kind that was asked for. Each kind is loaded only then:
 * node:tls takes 20 ms, and the library of WebSockets as long.
 */
import {setTimeout} from 'node:timers';
import {handshakeTimeoutMs} from '../../connection/lifecycle.js';
import {SockchatError} from '../../errors.js';
import type {NoticeEvent} from '../../event/event.js';
import {hostAndPort, type LoopbackAddress} from '../address.js';
import {dial, rawConnectionFailed} from '../dial.js';
import type {CarriedLink, OuterLink, SocketLink} from '../link.js';
import {
	Listener,
	refusing,
	type AnyListener,
	type Layer,
	type ListenerOptions,
	type SilentSurplus,
} from '../listener.js';
import type {Origin} from '../origin.js';
import type {OwnCertificate} from './tls-files.js';

export type TlsWish = {
	/** Files in PEM. */
	readonly ca?: string | undefined;
	readonly cert?: string | undefined;
	readonly key?: string | undefined;
	/** The name that the certificate has to be for. */
	readonly name?: string | undefined;
	/** Whether any certificate will do. */
	readonly isInsecure?: boolean | undefined;
	/** What to agree on by ALPN, the best first. */
	readonly protocols?: readonly string[] | undefined;
};

/** What the bytes are carried by, besides TCP or a Unix domain socket. */
export type LinkWish = {
	readonly tls?: TlsWish | undefined;
	readonly ws?:
		| {
				readonly path: string;
				readonly isBinary: boolean;
				/** What a client asks for. */
				readonly protocols?: readonly string[] | undefined;
				/** Of a client's request, by their names in lower case. */
				readonly headers?: Readonly<Record<string, readonly string[]>>;
		  }
		| undefined;
};

export type Dialler = {
	readonly dial: () => OuterLink;
	/** A failure of the connection, in words. */
	readonly describe: (cause: Error) => SockchatError;
};

// One message is kept whole in memory, on either side.
export const maxMessageBytes = 16 * 1024 * 1024;

/** Of a certificate that was made for this server. */
export const certificateNotice = (
	fingerprint: string,
	at = Date.now(),
): NoticeEvent => ({
	type: 'notice',
	at,
	tone: 'info',
	text: `A certificate for localhost was made, valid for a day; its SHA-256 is ${fingerprint}. Clients need --tls-insecure, or give --tls-cert and --tls-key here.`,
});

const loadTls = async () => import('./tls.js');
const loadTlsFiles = async () => import('./tls-files.js');
const loadTlsErrors = async () => import('./tls-errors.js');

/**
 * Gets ready to dial; no socket is opened.
 *
 * @throws {SockchatError} `ERR_USAGE` if a file is wrong.
 */
export const prepareDial = async (
	address: LoopbackAddress,
	localPort: number | undefined,
	{tls, ws}: LinkWish = {},
): Promise<Dialler> => {
	if (address.kind === 'udp') {
		const {dialUdp, udpFailed} = await import('./udp.js');
		return {
			dial: () => dialUdp(address, localPort),
			describe: cause => udpFailed(address, localPort, cause),
		};
	}

	const plain: Dialler = {
		dial: () => dial(address, localPort),
		describe: cause =>
			cause instanceof SockchatError
				? cause
				: rawConnectionFailed(address, localPort, cause),
	};
	const secure = tls ? await secured(address, tls, plain) : plain;
	if (!ws) {
		return secure;
	}

	const {openWebSocket} = await import('./web-socket.js');
	const place =
		address.kind === 'tcp'
			? hostAndPort(address.host, address.port)
			: undefined;
	return {
		dial: () => openWebSocket(secure.dial(), {...ws, place, maxMessageBytes}),
		describe: secure.describe,
	};
};

const secured = async (
	address: LoopbackAddress,
	{ca, cert, key, name, isInsecure = false, protocols}: TlsWish,
	plain: Dialler,
): Promise<Dialler> => {
	const [{secureClient}, {readAuthorities, readCertificate}, {tlsFailed}] =
		await Promise.all([loadTls(), loadTlsFiles(), loadTlsErrors()]);
	const authorities = ca === undefined ? undefined : readAuthorities(ca);
	const own =
		cert === undefined || key === undefined
			? undefined
			: readCertificate(cert, key, authorities);
	const host = address.kind === 'unix' ? 'localhost' : address.host;
	const who =
		address.kind === 'unix'
			? address.path
			: hostAndPort(address.host, address.port);
	return {
		dial: () =>
			secureClient(plain.dial() as SocketLink, {
				host,
				name,
				authorities,
				isInsecure,
				context: own?.context,
				protocols,
			}),
		describe: cause => tlsFailed(who, cause) ?? plain.describe(cause),
	};
};

/** As `ListenerOptions`, for links of any kind. */
export type AnyListenerOptions = Omit<
	ListenerOptions,
	'onLink' | 'layered' | 'onEvent' | 'surplus'
> & {
	/** Set if it is known how many may be connected at once. */
	readonly surplus?: SilentSurplus | undefined;
	readonly onLink: (link: OuterLink, origin: Origin) => void;
	readonly onEvent: (
		event: Parameters<ListenerOptions['onEvent']>[0] | NoticeEvent,
	) => void;
};

export type ListenerMaker = (options: AnyListenerOptions) => AnyListener;

/** For TCP and Unix domain sockets, as they are. */
export const plainListener: ListenerMaker = options =>
	new Listener({
		...options,
		surplus: options.surplus && refusing(options.address, options.surplus),
		isRaw: true,
	});

export type Listening = {
	readonly createListener: ListenerMaker;
	/** The fingerprint of a certificate that was made for it. */
	readonly fingerprint?: string | undefined;
};

/** Turns what was accepted into a link, or says why not. */
type Step = (
	link: OuterLink,
	onOpen: (link: CarriedLink) => void,
	onFailure: (error: Error) => void,
) => void;

const certificateOf = async (
	cert: string | undefined,
	key: string | undefined,
	now: number,
): Promise<OwnCertificate> => {
	if (cert === undefined || key === undefined) {
		const {makeCertificate} = await import('./tls-day.js');
		return makeCertificate(now);
	}

	const {readCertificate} = await loadTlsFiles();
	return readCertificate(cert, key);
};

const tlsStep = async (
	{cert, key, protocols}: TlsWish,
	now: number,
): Promise<{step: Step; fingerprint: string | undefined}> => {
	const {secureServer} = await loadTls();
	const {context, fingerprint} = await certificateOf(cert, key, now);
	return {
		fingerprint,
		step(below, onOpen, onFailure) {
			const link = secureServer(below as SocketLink, context, protocols);
			const {stream} = link;
			const timer = setTimeout(() => {
				stream.destroy(link.tooLate(handshakeTimeoutMs));
			}, handshakeTimeoutMs);
			stream.once('error', onFailure);
			stream.once('close', () => {
				clearTimeout(timer);
			});
			stream.once('connect', () => {
				clearTimeout(timer);
				stream.off('error', onFailure);
				onOpen(link);
			});
		},
	};
};

const webSocketStep = async (ws: {
	readonly path: string;
	readonly isBinary: boolean;
}): Promise<Step> => {
	const {createWebSocketServer} = await import('./web-socket-server.js');
	const server = createWebSocketServer({...ws, maxMessageBytes});
	return (below, onOpen, onFailure) => {
		below.stream.on('error', onFailure);
		server.open(below, {
			onOpen(link) {
				below.stream.off('error', onFailure);
				onOpen(link);
			},
			onFailure,
		});
	};
};

/**
 * Gets ready to listen; no socket is opened.
 *
 * @throws {SockchatError} `ERR_USAGE` if a file is wrong.
 */
export const prepareListening = async (
	address: LoopbackAddress,
	{tls, ws}: LinkWish = {},
	now = Date.now(),
): Promise<Listening> => {
	if (address.kind === 'udp') {
		const {UdpListener} = await import('./udp-listener.js');
		return {createListener: options => new UdpListener(options)};
	}

	const secure = tls && (await tlsStep(tls, now));
	const open = ws && (await webSocketStep(ws));
	if (!secure && !open) {
		return {createListener: plainListener};
	}

	const {tlsFailed} = await loadTlsErrors();
	return {
		fingerprint: secure?.fingerprint,
		createListener(options) {
			const layer: Layer = (below, origin, onOpen) => {
				const onFailure = (error: Error) => {
					const known =
						error instanceof SockchatError
							? error
							: tlsFailed(origin.name, error);
					options.onEvent({
						type: 'notice',
						at: options.clock.wallMs(),
						tone: 'bad',
						text: `${origin.name} was turned away: ${known?.message ?? error.message}`,
					});
				};

				if (secure) {
					secure.step(
						below,
						link => {
							if (open) {
								open(link, onOpen, onFailure);
							} else {
								onOpen(link);
							}
						},
						onFailure,
					);
				} else {
					open!(below, onOpen, onFailure);
				}
			};

			const {onLink} = options;
			return new Listener({
				...options,
				surplus: options.surplus && refusing(options.address, options.surplus),
				isRaw: true,
				layered: {open: layer, onLink},
			});
		},
	};
};

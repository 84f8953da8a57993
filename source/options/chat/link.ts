/** `--tls`, `--ws` and what goes with them: what the bytes are carried by. */
import {quoted, type SockchatError} from '../../errors.js';
import {isRequestPath} from '../../socket/link/request-path.js';
import type {LinkWish, TlsWish} from '../../socket/link/transport.js';
import {writtenFlag, type FlagName} from '../flags.js';
import {wrongUsage, type Reader, type TypedStep} from '../reader.js';

/** Flags that mean nothing without another one. */
const needs: ReadonlyArray<readonly [FlagName, FlagName]> = [
	['tlsCa', 'tls'],
	['tlsInsecure', 'tls'],
	['tlsName', 'tls'],
	['tlsAlpn', 'tls'],
	['tlsCert', 'tls'],
	['tlsKey', 'tls'],
	['tlsCert', 'tlsKey'],
	['tlsKey', 'tlsCert'],
	['wsBinary', 'ws'],
	['wsProtocol', 'ws'],
	['wsHeader', 'ws'],
];

const refuseAlone = (reader: Reader): void => {
	for (const [flag, other] of needs) {
		if (!reader.isTyped(flag) || reader.has(other)) {
			continue;
		}

		reader.text(flag);
		reader.take<unknown>(
			wrongUsage(`${writtenFlag(flag)} needs ${writtenFlag(other)}.`),
			undefined,
			flag,
		);
	}
};

/** Of a protocol (RFC 7301, 3.1), as far as it can be written here. */
const protocolName = /^[\u0021-\u007E]{1,255}$/;

/** Names with commas between, each once. */
const readNames = (
	reader: Reader,
	flag: 'tlsAlpn' | 'wsProtocol',
	name: RegExp,
	examples: string,
): readonly string[] | undefined => {
	const text = reader.text(flag);
	const names = text?.split(',').map(each => each.trim());
	const isWrong =
		names?.some(each => !name.test(each)) === true ||
		new Set(names).size !== (names?.length ?? 0);
	if (isWrong) {
		reader.take<unknown>(
			wrongUsage(
				`${writtenFlag(flag)} needs names such as ${examples}, each once; got ${quoted(text!)}.`,
			),
			undefined,
			flag,
		);
	}

	return names;
};

/** What to agree on by ALPN. */
export const readProtocols = (reader: Reader): readonly string[] | undefined =>
	readNames(reader, 'tlsAlpn', protocolName, 'h2 or "h2,http/1.1"');

const readTls = (reader: Reader): TlsWish | undefined =>
	reader.has('tls')
		? {
				ca: reader.text('tlsCa'),
				cert: reader.text('tlsCert'),
				key: reader.text('tlsKey'),
				name: reader.certificateName('tlsName'),
				isInsecure: reader.has('tlsInsecure'),
				protocols: readProtocols(reader),
			}
		: undefined;

/** A token of HTTP (RFC 9110, 5.6.2). */
const token = /^[!#$%&'*+.^`|~\w-]+$/;

/** They are what the handshake itself says. */
const isOfHandshake = (name: string): boolean =>
	/^(?:sec-websocket-.*|connection|upgrade|content-length|transfer-encoding)$/i.test(
		name,
	);

const readHeader = (
	value: string,
): readonly [name: string, value: string] | SockchatError => {
	const colon = value.indexOf(':');
	const name = value.slice(0, Math.max(0, colon));
	const text = value.slice(colon + 1).trim();
	if (!token.test(name) || !/^[\t\u0020-\u007E]*$/.test(text)) {
		return wrongUsage(
			`--ws-header needs "NAME: VALUE" in ASCII; got ${quoted(value)}.`,
		);
	}

	return isOfHandshake(name)
		? wrongUsage(
				`--ws-header can't change ${name}: the WebSocket sends its own. A subprotocol is asked for with --ws-protocol.`,
			)
		: [name, text];
};

const readHeaders = (
	reader: Reader,
	steps: readonly TypedStep[],
): Readonly<Record<string, readonly string[]>> => {
	const headers = new Map<string, string[]>();
	for (const {value} of steps.filter(({name}) => name === 'wsHeader')) {
		const [name, text] = reader.take(readHeader(value), ['', ''], 'wsHeader');
		const key = name.toLowerCase();
		headers.set(key, [...(headers.get(key) ?? []), text]);
	}

	return Object.fromEntries(headers);
};

const readWebSocket = (
	reader: Reader,
	steps: readonly TypedStep[],
): LinkWish['ws'] => {
	const path = reader.text('ws');
	if (path === undefined) {
		return undefined;
	}

	return {
		path: reader.take(
			isRequestPath(path)
				? path
				: wrongUsage(
						`--ws needs the path of a request, such as / or /chat; got ${quoted(path)}.`,
					),
			'/',
			'ws',
		),
		isBinary: reader.has('wsBinary'),
		protocols: readNames(reader, 'wsProtocol', token, 'chat or "v2,v1"'),
		headers: readHeaders(reader, steps),
	};
};

/** @returns Undefined for TCP or a Unix domain socket as it is. */
export const readLink = (
	reader: Reader,
	steps: readonly TypedStep[],
): LinkWish | undefined => {
	refuseAlone(reader);
	const tls = readTls(reader);
	const ws = readWebSocket(reader, steps);
	return tls === undefined && ws === undefined ? undefined : {tls, ws};
};

/** `--tls`, `--ws` and what goes with them: what the bytes are carried by. */
import {quoted} from '../../errors.js';
import type {LinkWish, TlsWish} from '../../socket/link/transport.js';
import {writtenFlag, type FlagName} from '../flags.js';
import {wrongUsage, type Reader} from '../reader.js';

/** Flags that mean nothing without another one. */
const needs: ReadonlyArray<readonly [FlagName, FlagName]> = [
	['tlsCa', 'tls'],
	['tlsInsecure', 'tls'],
	['tlsName', 'tls'],
	['tlsCert', 'tls'],
	['tlsKey', 'tls'],
	['tlsCert', 'tlsKey'],
	['tlsKey', 'tlsCert'],
	['wsBinary', 'ws'],
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

const readTls = (reader: Reader): TlsWish | undefined =>
	reader.has('tls')
		? {
				ca: reader.text('tlsCa'),
				cert: reader.text('tlsCert'),
				key: reader.text('tlsKey'),
				name: reader.text('tlsName'),
				isInsecure: reader.has('tlsInsecure'),
			}
		: undefined;

/** As a request line has it: visible ASCII, and no fragment (RFC 6455, 3). */
const requestPath = /^\/[\u0021\u0022\u0024-\u007E]*$/;

const readWebSocket = (reader: Reader): LinkWish['ws'] => {
	const path = reader.text('ws');
	if (path === undefined) {
		return undefined;
	}

	return {
		path: reader.take(
			requestPath.test(path)
				? path
				: wrongUsage(
						`--ws needs the path of a request, such as / or /chat; got ${quoted(path)}.`,
					),
			'/',
			'ws',
		),
		isBinary: reader.has('wsBinary'),
	};
};

/** @returns Undefined for TCP or a Unix domain socket as it is. */
export const readLink = (reader: Reader): LinkWish | undefined => {
	refuseAlone(reader);
	const tls = readTls(reader);
	const ws = readWebSocket(reader);
	return tls === undefined && ws === undefined ? undefined : {tls, ws};
};

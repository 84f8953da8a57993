/** What carried the bytes of a recording, so that it is played over the same. */
import type {LoopbackAddress} from '../socket/address.js';
import {isRequestPath} from '../socket/link/request-path.js';
import type {LinkWish} from '../socket/link/transport.js';

/** No key or certificate, and no header of a request, which may be a secret. */
export type RecordedLink =
	| {readonly kind: 'tls' | 'udp'}
	| {
			readonly kind: 'ws';
			readonly path: string;
			/** Whether TLS carried it. */
			readonly tls?: true;
	  };

/** @returns Undefined for TCP or a Unix domain socket as it is. */
export const recordedLink = (
	{kind}: LoopbackAddress,
	{tls, ws}: LinkWish = {},
): RecordedLink | undefined => {
	if (kind === 'udp') {
		return {kind};
	}

	if (ws) {
		return {kind: 'ws', path: ws.path, ...(tls && {tls: true})};
	}

	return tls && {kind: 'tls'};
};

/** @returns What it should have been, if it is wrong. */
export const parseRecordedLink = (
	value: unknown,
): RecordedLink | {readonly expected: string} => {
	const {kind, path, tls} =
		typeof value === 'object' && value !== null
			? (value as Record<string, unknown>)
			: {};
	if (kind === 'tls' || kind === 'udp') {
		return {kind};
	}

	if (kind !== 'ws') {
		return {expected: '"link" of kind "tls", "ws" or "udp"'};
	}

	return typeof path === 'string' && isRequestPath(path)
		? {kind, path, ...(tls === true && {tls})}
		: {expected: 'a "link" of kind "ws" to have the "path" of a request'};
};

/** The address of a listening socket that was passed, for `serve`. */
import type {SockchatError} from '../../errors.js';
import {
	absolutePath,
	formatAddress,
	type LoopbackAddress,
} from '../../socket/address.js';
import {wrongUsage, type Reader} from '../reader.js';

/** Flags may repeat where the inherited socket listens, not contradict it. */
export const contradictsInherited = (
	reader: Reader,
	inherited: LoopbackAddress,
	named: LoopbackAddress,
): SockchatError | undefined => {
	if (named.kind === 'udp') {
		return wrongUsage(
			`--udp contradicts the socket that was passed (LISTEN_FDS), which listens on ${formatAddress(inherited)}; leave it out.`,
		);
	}

	const asNamed = {
		socket:
			inherited.kind === 'unix' &&
			named.kind === 'unix' &&
			absolutePath(named.path) === inherited.path,
		host:
			inherited.kind === 'tcp' &&
			named.kind === 'tcp' &&
			named.host === inherited.host,
		port:
			inherited.kind === 'tcp' &&
			named.kind === 'tcp' &&
			named.port === inherited.port,
	};
	const wrong = (['socket', 'host', 'port'] as const).find(
		// A variable or the config file gives way to what was passed.
		name => reader.isTyped(name) && !asNamed[name],
	);
	return wrong === undefined
		? undefined
		: wrongUsage(
				`--${wrong} contradicts the socket that was passed (LISTEN_FDS), which listens on ${formatAddress(inherited)}; leave it out.`,
			);
};

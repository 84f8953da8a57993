/**
 * A proxy whose target leads back to it. It sees that of itself; a circle of
 * several proxies looks like many clients, so how many it takes is bounded.
 */
import {SockchatError} from '../errors.js';
import {
	formatAddress,
	isSameAddress,
	type LoopbackAddress,
} from '../socket/address.js';
import {isSameFile} from '../socket/socket-file.js';

export const defaultMaxConnections = 1024;

export const pointsAtItself = (listen: LoopbackAddress) =>
	new SockchatError(
		'ERR_USAGE',
		`LISTEN and TARGET are both ${formatAddress(listen)}: it would connect to itself.`,
	);

/**
 * Looks at the socket that is bound: its port was chosen, and a path may have
 * another name.
 *
 * @throws {SockchatError} `ERR_USAGE`.
 */
export const requireNoLoop = (
	listen: LoopbackAddress,
	target: LoopbackAddress,
): void => {
	const isSame =
		listen.kind === 'unix' && target.kind === 'unix'
			? isSameFile(listen.path, target.path)
			: isSameAddress(listen, target);
	if (isSame) {
		throw pointsAtItself(listen);
	}
};

export const proxyFull = (count: number, isByFlag: boolean) =>
	new SockchatError(
		'ERR_PROXY_FULL',
		`was refused: ${count} ${count === 1 ? 'connection is' : 'connections are'} open, as many as ${isByFlag ? '--max-connections' : 'the limit on open files'} allows. Does the target lead back here?`,
	);

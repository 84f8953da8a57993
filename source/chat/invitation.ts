/** How others come in, for a room that is empty or silent so far. */
import {defaultHost, defaultPort} from '../protocol/frame.js';
import {
	absolutePath,
	shellWord,
	type LoopbackAddress,
} from '../socket/address.js';

export type InvitationOptions = {
	/** Where the server really listens. */
	readonly address: LoopbackAddress;
	readonly hasToken: boolean;
	readonly isSameUser: boolean;
};

/** The words after `sockchat`, and those after `nc`. */
const wordsFor = (address: LoopbackAddress): readonly [string, string] => {
	if (address.kind === 'unix') {
		const path = shellWord(absolutePath(address.path));
		return [` ${path}`, `-U ${path}`];
	}

	const {host, port} = address;
	const plain = `${host} ${port}`;
	if (host === defaultHost) {
		return [port === defaultPort ? '' : ` ${port}`, plain];
	}

	// Some shells take the brackets of [::1]:5001 for a pattern.
	return [
		host.includes(':') ? ` --host ${host} --port ${port}` : ` ${host}:${port}`,
		plain,
	];
};

export const invitationOf = ({
	address,
	hasToken,
	isSameUser,
}: InvitationOptions): string => {
	const [ours, plain] = wordsFor(address);
	const who = isSameUser
		? 'You come in from another terminal'
		: 'Others on this machine come in';
	const ways = hasToken
		? [`  sockchat${ours} --token-file FILE`]
		: [`  sockchat${ours}`, `  nc ${plain}`];
	return [`${who} with`, ...ways].join('\n');
};

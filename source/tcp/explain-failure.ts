/** Why a call of the sockets API failed, in one sentence, by its errno. */
import {nameOfCall, type Call, type CallName} from './tcp.js';

const notSent =
	'The bytes were not taken: the other side has sent RST, so the connection is over (POSIX, send()).';

const reasons: Readonly<
	Partial<Record<CallName, Readonly<Partial<Record<string, string>>>>>
> = {
	bind: {
		EADDRINUSE:
			'Another socket has that address, so this one gets none (POSIX, bind()).',
		EADDRNOTAVAIL: 'This machine has no such address (POSIX, bind()).',
		EACCES: 'The user may not take that port (POSIX, bind()).',
	},
	listen: {
		EADDRINUSE:
			'Another socket listens on that address already (POSIX, listen()).',
	},
	connect: {
		ECONNREFUSED:
			'The other side answered the SYN with RST: nobody listens on that port (POSIX, connect()).',
		EADDRNOTAVAIL:
			'No SYN was sent: a connection between these two addresses exists already, or no local port is free (POSIX, connect()).',
	},
	send: {EPIPE: notSent, ECONNRESET: notSent},
};

export const explainFailure = (call: Call, errno: string): string => {
	const name = nameOfCall(call);
	return (
		reasons[name]?.[errno] ??
		`The call failed with ${errno} and changed nothing (POSIX, ${name}()).`
	);
};

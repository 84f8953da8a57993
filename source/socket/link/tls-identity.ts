/** Which names a certificate has to be for. */
import {checkServerIdentity, type PeerCertificate} from 'node:tls';

/**
 * Checks a certificate for node:tls, whatever name that takes it for.
 *
 * @param hosts Names or IP addresses, of which any will do; at least one.
 */
export const identityOfAny =
	(hosts: readonly string[]) =>
	(_name: string, certificate: PeerCertificate): Error | undefined => {
		const failures = hosts.map(host => checkServerIdentity(host, certificate));
		return failures.includes(undefined) ? undefined : failures[0];
	};

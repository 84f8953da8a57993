/** What a datagram holds at most: 65,535 without the headers of IP and UDP. */
const most = {udp4: 65_507, udp6: 65_527} as const;

export const familyOf = (host: string): keyof typeof most =>
	host.includes(':') ? 'udp6' : 'udp4';

export const maxBytes = (host: string): number => most[familyOf(host)];

/** Nothing tells their senders, as a refused connection would. */
export const refusedDatagrams = (count: number): string =>
	`${count === 1 ? '1 datagram from others was' : `${count} datagrams from others were`} dropped, as no further peer was taken.`;

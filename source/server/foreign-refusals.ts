/** What a foreign peer is told, in a form that its own side can show. */
import type {ForeignProtocol} from '../protocol/dialect.js';

export const refusals: Readonly<Record<ForeignProtocol, string>> = {
	HTTP: 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\nThis is a sockchat room, not a web server.\n',
	TLS: 'This is a sockchat room; it speaks no TLS.\n',
	SSH: 'This is a sockchat room, not an SSH server.\n',
};

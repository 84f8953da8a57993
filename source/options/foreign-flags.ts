/** Flags of nc, ncat, wscat and openssl, and what does the same here. */
const alike: Readonly<Partial<Record<string, string>>> = {
	'-C': '--eol crlf',
	'--crlf': '--eol crlf',
	'-H': '--ws-header',
	'--header': '--ws-header',
	'-U': "the socket's path as ADDRESS",
	'--unixsock': "the socket's path as ADDRESS",
	'-l': 'sockchat serve --raw',
	'--listen': 'sockchat serve --raw',
	'-z': '--probe',
	'--alpn': '--tls-alpn',
	'--ca': '--tls-ca',
	'--cacert': '--tls-ca',
	'--cert': '--tls-cert',
	'--hex-dump': '--record FILE',
	'--idle-timeout': '--idle',
	'--insecure': '--tls-insecure',
	'--key': '--tls-key',
	'--recv-only': '--input none',
	'--servername': '--tls-name',
	'--source-port': '--local-port',
	'--ssl': '--tls',
	'--ssl-alpn': '--tls-alpn',
	'--ssl-cert': '--tls-cert',
	'--ssl-key': '--tls-key',
	'--ssl-servername': '--tls-name',
	'--ssl-trustfile': '--tls-ca',
	'--subprotocol': '--ws-protocol',
	'--tls-servername': '--tls-name',
};

/** What happens here by itself. */
const needless: Readonly<Partial<Record<string, string>>> = {
	'-N': 'the end of stdin sends FIN by itself, unless --no-shutdown is given.',
	'-k': 'serve takes many peers by itself, unless --once is given.',
	'--keep-open': 'serve takes many peers by itself, unless --once is given.',
};

const runsProgram = (flag: string): boolean =>
	/^(?:-e|--(?:sh-|lua-)?exec)$/.test(flag);

/** @returns What to say of it; undefined for a flag that none of them has. */
export const foreignFlagAdvice = (flag: string): string | undefined => {
	if (runsProgram(flag)) {
		return 'no port of sockchat runs a program; --reply and --echo answer by themselves.';
	}

	const words = alike[flag];
	return words === undefined ? needless[flag] : `here it is ${words}.`;
};

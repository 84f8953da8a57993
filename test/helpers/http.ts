/** Requests that a web page can make a browser send, and lookalikes. */
import fc from 'fast-check';

const tokenCharacters = [
	..."!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
];

/** RFC 9110, 5.6.2. */
const anyToken = fc.string({
	unit: fc.constantFrom(...tokenCharacters),
	minLength: 1,
	maxLength: 30,
});

export const methods = [
	'GET',
	'get',
	'Post',
	'PROPFIND',
	'Visit-evil-now',
	"!#$%&'*+-.^_`|~",
];

const anyMethod = fc.oneof(fc.constantFrom(...methods), anyToken);

const anyPath = fc.oneof(
	fc.constantFrom('/', '*', 'http://a/', 'example.org:443'),
	fc.webPath().map(path => `/${path}`),
	fc.integer({min: 1, max: 4000}).map(length => `/${'A'.repeat(length)}`),
);

const anyCase = (text: string) =>
	fc.constantFrom(text, text.toLowerCase(), text.toUpperCase());

const anyVersion = fc
	.constantFrom('HTTP/1.1', 'HTTP/1.0', 'HTTP/2')
	.chain(anyCase);

const hostLike = fc
	.constantFrom('Host', 'User-Agent', 'Accept-Encoding', 'Sec-Fetch-Mode')
	.chain(anyCase);

const anyHeader = (name: fc.Arbitrary<string>) =>
	fc.tuple(name, fc.webPath()).map(([key, value]) => `${key}: ${value}\r\n`);

const anyBody = fc.constantFrom('', 'evil\n', '{"type":"hello","v":1}\nevil\n');

const anyHead = fc.oneof(
	// A valid request line, with any headers.
	fc
		.tuple(anyMethod, anyPath, anyVersion, fc.array(anyHeader(anyToken)))
		.map(([method, path, version, headers]) => [
			`${method} ${path} ${version}\r\n`,
			...headers,
		]),
	// One without a version, recognised by its headers.
	fc
		.tuple(
			anyMethod,
			anyPath,
			fc.array(anyHeader(anyToken)),
			anyHeader(hostLike),
		)
		.map(([method, path, headers, host]) => [
			`${method} ${path}\r\n`,
			...headers,
			host,
		]),
);

export const anyRequest: fc.Arbitrary<string> = fc
	.tuple(fc.constantFrom('', ' ', '\t', '\r\n', '\n \n'), anyHead, anyBody)
	.map(([blank, head, body]) => `${blank}${head.join('')}\r\n${body}`);

/** Ordinary lines that look a little like HTTP. */
export const chatLines = [
	'hello',
	'hello there',
	'GET well soon',
	'get / of it',
	'POST it on the wall',
	'is HTTP/1.1 old?',
	'we said GET / HTTP/1.1 and it broke',
	'HTTP/1.1 is old',
	'the Host: who is it?',
	'Visit-evil-now',
	'SSH is up',
	'/nick heron',
	'{"type":"say"}',
];

/** As a request line has it: visible ASCII, and no fragment (RFC 6455, 3). */
export const isRequestPath = (text: string): boolean =>
	/^\/[\u0021\u0022\u0024-\u007E]*$/.test(text);

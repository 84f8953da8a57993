/**
 * What a server called that could not listen: each call up to the one that
 * failed, with its errno. Pure.
 */
import type {Call, Step, StepTime} from '../tcp/tcp.js';

/** The kernel fails bind() with these; Node says so only at listen(). */
const ofBind = new Set(['EADDRINUSE', 'EADDRNOTAVAIL', 'EACCES', 'EINVAL']);

const asksKernel = new Set(['bind', 'listen']);

/** The error of node:net below those that say more. */
const causeOf = (error: unknown): NodeJS.ErrnoException | undefined => {
	for (let each = error; each instanceof Error; each = each.cause) {
		const {code, syscall} = each as NodeJS.ErrnoException;
		if (code !== undefined && asksKernel.has(syscall ?? '')) {
			return each;
		}
	}

	return undefined;
};

/**
 * @param calls Those that it makes to listen.
 * @returns None if the kernel was not asked, or something else failed.
 */
export const stepsOfFailure = (
	calls: readonly Call[],
	error: unknown,
	time: StepTime,
): readonly Step[] => {
	const {code} = causeOf(error) ?? {};
	if (code === undefined) {
		return [];
	}

	const name = ofBind.has(code) ? 'bind(' : 'listen(';
	const failed = calls.findIndex(call => call.startsWith(name));
	const last = failed === -1 ? calls.length - 1 : failed;
	return calls.slice(0, last + 1).map((call, index) => ({
		kind: 'call',
		call,
		peer: undefined,
		...(index === last && {errno: code}),
		...time,
	}));
};

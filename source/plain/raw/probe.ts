/**
 * `connect --probe`: who listens, by connecting and closing at once. Prints the
 * addresses that answered, one a line.
 */
import {setMaxListeners} from 'node:events';
import type {Writable} from 'node:stream';
import {setTimeout as wait} from 'node:timers/promises';
import {startDeadline} from '../../chat/deadline.js';
import type {Ending} from '../../chat/ending.js';
import {SockchatError} from '../../errors.js';
import type {Options} from '../../options/options.js';
import {display, toDisplay} from '../../protocol/display.js';
import {connected} from '../../raw/reach.js';
import {formatAddress, type LoopbackAddress} from '../../socket/address.js';
import {systemClock} from '../../socket/clock.js';
import {dial} from '../../socket/dial.js';
import {otherLoopback} from '../../socket/other-loopback.js';
import type {Output} from '../output.js';

type ProbeOptions = Options & {readonly probed: readonly LoopbackAddress[]};

// Each takes a descriptor and a port of ours for a moment.
const atOnce = 32;

// As often as `--wait` asks elsewhere.
const againMs = 250;

const isListening = async (
	address: LoopbackAddress,
	signal: AbortSignal,
): Promise<boolean> => {
	const link = dial(address);
	try {
		await connected(link, signal);
		link.stream.destroy();
		return true;
	} catch {
		return false;
	}
};

const nobody = (probed: readonly LoopbackAddress[]): SockchatError => {
	const [first, last] = [probed[0]!, probed.at(-1)!];
	const where =
		first === last || last.kind === 'unix'
			? formatAddress(first)
			: `${formatAddress(first)} to ${last.port}`;
	const other = first === last ? otherLoopback(first) : undefined;
	const somebody = other === undefined ? '' : ` Somebody listens on ${other}.`;
	return new SockchatError(
		'ERR_REFUSED',
		`Nobody listens on ${where}.${somebody}`,
	);
};

export const runProbe = (
	options: ProbeOptions,
	{stdout, stderr}: {readonly stdout: Output; readonly stderr: Writable},
) => {
	const {probed, isQuiet, timeoutMs} = options;
	const attempt = new AbortController();
	setMaxListeners(atOnce, attempt.signal);
	let late: SockchatError | undefined;
	const cancelDeadline = startDeadline({
		timeoutMs,
		clock: systemClock,
		missing: () => 'Nobody listened',
		onLate(error) {
			late = error;
			attempt.abort();
		},
	});

	/** @returns How many listen. */
	const ask = async (): Promise<number> => {
		let count = 0;
		for (let start = 0; start < probed.length; start += atOnce) {
			const some = probed.slice(start, start + atOnce);
			// eslint-disable-next-line no-await-in-loop -- a few at a time
			const answers = await Promise.all(
				some.map(async address => isListening(address, attempt.signal)),
			);
			for (const [index, address] of some.entries()) {
				if (answers[index] !== true) {
					continue;
				}

				count++;
				if (!isQuiet) {
					stdout.write(display`${formatAddress(address)}\n`);
				}
			}
		}

		return count;
	};

	const run = async (): Promise<Ending> => {
		const isWaiting = 'isWaiting' in options && options.isWaiting === true;
		let count = await ask();
		const isToAskAgain = () =>
			isWaiting && count === 0 && !attempt.signal.aborted;
		while (isToAskAgain()) {
			// eslint-disable-next-line no-await-in-loop -- one attempt after the other
			await wait(againMs, undefined, {signal: attempt.signal}).catch(
				() => undefined,
			);
			// eslint-disable-next-line no-await-in-loop -- as above
			count = await ask();
		}

		cancelDeadline();
		if (count === 0 && (late ?? !attempt.signal.aborted)) {
			const {message} = late ?? nobody(probed);
			stderr.write(`${toDisplay(message)}\n`);
		}

		await stdout.flush();
		return {
			hasFailed: count === 0,
			isLate: late !== undefined && count === 0,
			isUnfinished: count === 0 && attempt.signal.aborted,
		};
	};

	return {
		ended: run(),
		leave() {
			attempt.abort();
		},
	};
};

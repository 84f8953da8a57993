/** `sockchat status`: who is there, once, as lines or as one JSON object. */
import {readToken} from '../chat/token-file.js';
import {askStatus, type StatusAnswer} from '../client/status.js';
import type {StatusOptions} from '../options/status.js';
import {
	display,
	joinText,
	jsonSafe,
	type DisplayText,
} from '../protocol/display.js';
import {namesLine} from '../protocol/presence.js';
import {formatAddress} from '../socket/address.js';
import {holdersOf, type Holder} from '../socket/port-holder.js';
import {notASocket} from '../socket/socket-file.js';
import type {Output} from './output.js';
import {formatDateTime} from './times.js';

type Seen = {
	readonly address: string;
	/** The one that listens, and those that hold its socket, too. */
	readonly holders: readonly Holder[];
	readonly answer: StatusAnswer;
};

const errorIn = (answer: StatusAnswer) =>
	'error' in answer ? answer.error : undefined;

/** JSON drops undefined keys. */
const objectOf = ({address, holders, answer}: Seen): object => {
	const [holder, ...others] = holders;
	const isListening = answer.kind !== 'nobody';
	const error = errorIn(answer);
	const status = answer.kind === 'room' ? answer.status : undefined;
	return {
		type: 'status',
		address,
		isListening,
		pid: holder?.pid,
		program: holder?.name,
		alsoHeldBy:
			others.length > 0
				? others.map(({pid, name}) => ({pid, program: name}))
				: undefined,
		isSockchat:
			answer.kind === 'nobody' || answer.kind === 'late'
				? undefined
				: answer.kind !== 'other',
		room: status?.room,
		name: status?.name,
		log: status?.log,
		head: status?.head,
		since: status?.since,
		members: status?.members,
		error: error && {code: error.code, message: error.message},
	};
};

const processOf = ({name, pid}: Holder): string => `${name} (pid ${pid})`;

const holdersLine = ([holder, ...others]: readonly Holder[]): DisplayText => {
	if (!holder) {
		return display``;
	}

	const also =
		others.length > 0
			? `; also held by ${others.map(processOf).join(', ')}`
			: '';
	return display`${processOf(holder)} listens${also}\n`;
};

const linesOf = ({address, holders, answer}: Seen): DisplayText => {
	const by = holdersLine(holders);
	const error = errorIn(answer);
	const why = error ? display`${error.message}\n` : display``;
	switch (answer.kind) {
		case 'nobody': {
			return display`${address}: nobody listens\n`;
		}

		case 'room': {
			const {since, name, members, head, log} = answer.status;
			const room =
				name === undefined ? display`a room` : display`the room ${name}`;
			const {count, names} = members;
			const more =
				count > names.length ? ` and ${count - names.length} more` : '';
			return joinText(
				display`${address}: ${room} since ${formatDateTime(since)}\n`,
				by,
				display`${count} here: ${namesLine(members)}${more}\n`,
				display`head ${head} of the log ${log}\n`,
			);
		}

		case 'closed-room': {
			return joinText(
				display`${address}: a room that gives no status\n`,
				by,
				why,
			);
		}

		case 'late': {
			return joinText(display`${address}: no answer\n`, by, why);
		}

		case 'other': {
			return joinText(display`${address}: not a room\n`, by, why);
		}
	}
};

/**
 * Asks and prints.
 *
 * @throws {SockchatError} `ERR_SOCKET_PATH` or `ERR_TOKEN_FILE`.
 */
export const printStatus = async (
	options: StatusOptions,
	output: Output,
): Promise<StatusAnswer> => {
	const {address, isJson, tokenFile, timeoutMs} = options;
	const other = address.kind === 'unix' ? notASocket(address.path) : undefined;
	if (other) {
		throw other;
	}

	const token = await readToken(tokenFile);
	const answer = await askStatus({address, token, timeoutMs});
	const isListening = answer.kind !== 'nobody';
	const holders = isListening ? await holdersOf(address) : [];
	const seen = {address: formatAddress(address), holders, answer};
	output.write(
		isJson ? `${jsonSafe(JSON.stringify(objectOf(seen)))}\n` : linesOf(seen),
	);
	return answer;
};

/** Command hands that record what a typed line calls. */
import type {OfferedCommand} from '../../source/protocol/frame.js';
import type {RawHands, RoomHands} from '../../source/commands/hands.js';
import {done} from '../../source/tcp/socket-action.js';
import {parseLine, parseRawLine} from '../../source/commands/parse.js';

type Noted = {
	readonly mode?: 'room' | 'plain';
	readonly names?: readonly string[];
	readonly count?: number;
	/** The commands of bots. */
	readonly offered?: readonly OfferedCommand[];
};

const noting = (
	calls: unknown[][],
	{names = [], count}: Noted,
): RoomHands & RawHands => {
	const note =
		<Result>(name: string, result: Result) =>
		(...given: unknown[]): Result => {
			calls.push([name, ...given]);
			return result;
		};

	// Controls and rules are answered one turn later; that isn't recorded.
	const answer = Promise.resolve(done('paused'));
	return {
		say: note('say', undefined),
		sayTo: note('sayTo', undefined),
		ask: note('ask', undefined),
		whisper: note('whisper', undefined),
		rename: note('rename', undefined),
		leave: note('leave', undefined),
		members: () => ({count: count ?? names.length, names}),
		search: note('search', undefined),
		control: note('control', answer),
		bell: note('bell', done('rings')),
		rule: note('rule', answer),
		notice: note('notice', undefined),
		clear: note('clear', undefined),
		ignore: note('ignore', undefined),
		quiet: note('quiet', undefined),
		help: note('help', undefined),
		view: note('view', undefined),
		byHand: note('byHand', undefined),
	};
};

/** What a line in a room calls: the names of the hands, and their arguments. */
export const did = (line: string, noted: Noted = {}): unknown[][] => {
	const calls: unknown[][] = [];
	parseLine(line, noted.mode ?? 'room', noted.offered)(noting(calls, noted));
	return [...calls];
};

export const didRaw = (line: string): unknown[][] => {
	const calls: unknown[][] = [];
	parseRawLine(line)(noting(calls, {}));
	return [...calls];
};

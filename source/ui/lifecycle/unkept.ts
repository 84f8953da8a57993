/** What a ladder can't show, as older steps are not kept. Pure. */
import {display, toDisplay, type DisplayText} from '../../protocol/display.js';
import type {SocketView} from '../../store/socket-view.js';
import {seenBy} from '../../tcp/step-time.js';
import type {Step} from '../../tcp/tcp.js';
import {formatTime} from '../text/format.js';

type Source = Pick<
	SocketView,
	'steps' | 'droppedSteps' | 'transfers' | 'keptSince' | 'segments'
>;

const timeOf = (oldest: Step | undefined): number =>
	oldest ? seenBy(oldest) : -Infinity;

const before = (what: string, at: number): readonly string[] =>
	at === -Infinity ? [] : [`${what} before ${formatTime(at)}`];

/** @returns Empty if everything is there. */
export const unkeptText = ({
	steps,
	droppedSteps,
	transfers,
	keptSince,
	segments,
}: Source): DisplayText => {
	const calls = Math.max(
		keptSince.calls ?? -Infinity,
		transfers.dropped > 0 ? timeOf(transfers.blocks[0]?.[0]) : -Infinity,
	);
	const beats = keptSince.beats ?? -Infinity;
	const unkept = [
		...before(
			'calls and states',
			droppedSteps > 0 ? timeOf(steps[0]) : -Infinity,
		),
		...before('send() and recv()', calls),
		...before('heartbeats', beats > calls ? beats : -Infinity),
		...before(
			'captured segments',
			segments.dropped > 0 ? timeOf(segments.blocks[0]?.[0]) : -Infinity,
		),
	];
	return unkept.length === 0
		? display``
		: toDisplay(`Not kept: ${unkept.join('; ')}.`);
};

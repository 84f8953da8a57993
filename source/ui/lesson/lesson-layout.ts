/**
 * Where a lesson and the live view stand: above each other, the lesson in at
 * most eight rows, or from 120 columns on beside each other. A room has its
 * connection beside the transcript, below the lesson.
 */
import {chooseLayout, tinyRows, type Area, type Layout} from '../layout.js';
import type {socketsOf} from '../../lesson/lesson.js';
import {rungColumns} from '../lifecycle/rungs.js';

/** From this width on, the lesson stands beside the live view. */
export const besideColumns = 120;

// With its frame, the live view stays wide enough for a ladder.
const leastViewColumns = rungColumns + 3;

const mostLessonColumns = 60;

/** With its frame. */
const mostLessonRows = 8;

/** Of a room's connection, beside at least as much of the transcript. */
const sideColumns = 30;

export type LessonLayout = Pick<Layout, 'connection' | 'input'> & {
	/** What of the connection is shown: a line on top, or all that is known. */
	readonly kind: 'narrow' | 'wide';
	readonly lesson: Area;
	/** Undefined if there is no socket to look at. */
	readonly view: Area | undefined;
	readonly isBeside: boolean;
};

export const chooseLessonLayout = (
	columns: number,
	rows: number,
	inputRows: number,
	sockets: ReturnType<typeof socketsOf>,
): LessonLayout => {
	const {connection, input, transcript} = chooseLayout(
		columns,
		rows,
		inputRows,
		'none',
	);
	const {y, height} = transcript;
	if (sockets === 'none') {
		return {
			kind: 'narrow',
			connection,
			input,
			isBeside: false,
			lesson: transcript,
			view: undefined,
		};
	}

	if (sockets === 'room' && rows > tinyRows && columns >= 2 * sideColumns) {
		const lessonRows = Math.min(mostLessonRows, Math.ceil((rows - 1) * 0.4));
		const left = columns - sideColumns;
		const below = {
			y: lessonRows,
			height: input.y - lessonRows,
			frame: 'box',
		} as const;
		return {
			kind: 'wide',
			input,
			isBeside: false,
			lesson: {...transcript, y: 0, height: lessonRows},
			view: {...below, x: 0, width: left},
			connection: {...below, x: left, width: sideColumns},
		};
	}

	if (
		sockets !== 'room' &&
		columns >= besideColumns &&
		transcript.frame === 'rules'
	) {
		const width = Math.min(mostLessonColumns, columns - leastViewColumns);
		return {
			kind: 'narrow',
			connection,
			input,
			isBeside: true,
			lesson: {x: 0, y, width, height, frame: 'box'},
			view: {x: width, y, width: columns - width, height, frame: 'box'},
		};
	}

	// On a low terminal, what is asked matters more than what is seen.
	const lessonRows = Math.min(mostLessonRows, Math.ceil(height * 0.6));
	return {
		kind: 'narrow',
		connection,
		input,
		isBeside: false,
		lesson: {...transcript, height: lessonRows},
		view: {...transcript, y: y + lessonRows, height: height - lessonRows},
	};
};

/**
 * Where a lesson and the live view stand: above each other, the lesson in at
 * most eight rows, or from 120 columns on beside each other.
 */
import {chooseLayout, type Area, type Layout} from '../layout.js';
import {rungColumns} from '../lifecycle/rungs.js';

/** From this width on, the lesson stands beside the live view. */
export const besideColumns = 120;

// With its frame, the live view stays wide enough for a ladder.
const leastViewColumns = rungColumns + 3;

const mostLessonColumns = 60;

/** With its frame. */
const mostLessonRows = 8;

export type LessonLayout = Pick<Layout, 'connection' | 'input'> & {
	readonly lesson: Area;
	/** Undefined if there is no socket to look at. */
	readonly view: Area | undefined;
	readonly isBeside: boolean;
};

export const chooseLessonLayout = (
	columns: number,
	rows: number,
	inputRows: number,
	hasView: boolean,
): LessonLayout => {
	const {connection, input, transcript} = chooseLayout(
		columns,
		rows,
		inputRows,
		'none',
	);
	const {y, height} = transcript;
	if (!hasView) {
		return {
			connection,
			input,
			isBeside: false,
			lesson: transcript,
			view: undefined,
		};
	}

	if (columns >= besideColumns && transcript.frame === 'rules') {
		const width = Math.min(mostLessonColumns, columns - leastViewColumns);
		return {
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
		connection,
		input,
		isBeside: false,
		lesson: {...transcript, height: lessonRows},
		view: {...transcript, y: y + lessonRows, height: height - lessonRows},
	};
};

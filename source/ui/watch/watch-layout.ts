/**
 * Which rows of the screen of `watch` are whose: the sockets on top, the ladder,
 * and a hint or a notice at the bottom. Pure.
 */
import {tinyRows, type Area} from '../layout.js';

export type WatchLayout = {
	/** Without room for lines between the parts. */
	readonly isTiny: boolean;
	/** Rows of the table, with its head if it has one, without its title. */
	readonly tableRows: number;
	readonly ladder: Area;
	readonly hintRows: number;
};

/** The rest is the ladder's. */
const tableShare = 0.4;

/**
 * @param wantedRows That the table would fill without its head.
 * @param noticeRows That the notice would fill; at least 1.
 */
export const layOutWatch = (
	columns: number,
	rows: number,
	wantedRows: number,
	noticeRows: number,
): WatchLayout => {
	const isTiny = rows <= tinyRows;
	const hintRows = Math.min(noticeRows, Math.max(1, Math.floor(rows / 3)));
	const free = Math.max(0, rows - hintRows);
	const titleRows = isTiny ? 0 : 1;
	const headRows = isTiny ? 0 : 1;
	const mostRows = Math.max(1, Math.floor((free - titleRows) * tableShare));
	const tableRows = Math.min(headRows + wantedRows, mostRows, free);
	const y = titleRows + tableRows;
	return {
		isTiny,
		tableRows,
		ladder: {
			x: 0,
			y,
			width: columns,
			height: Math.max(0, free - y),
			frame: isTiny ? 'bare' : 'rules',
		},
		hintRows,
	};
};

import {useEffect, useRef} from 'react';

/**
 * A terminal that became narrower has wrapped the old rows, and Ink rewrites
 * only rows that differ: so everything is cleared.
 */
export const useRedrawAtResize = (
	columns: number,
	rows: number,
	redraw: () => void,
): void => {
	const size = `${columns}x${rows}`;
	const drawn = useRef(size);
	useEffect(() => {
		if (drawn.current !== size) {
			drawn.current = size;
			redraw();
		}
	}, [size, redraw]);
};

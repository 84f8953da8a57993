import {contentOf} from '../layout.js';
import type {Move, ViewEntry} from '../view.js';
import {lastTop} from './peer-table.js';
import {PeersPane} from './peers-pane.js';

/** @param end The furthest, as a number of rows. */
const moveRows = (from: number, move: Move, page: number, end: number) => {
	const steps = {
		'page-up': from - page,
		'page-down': from + page,
		top: 0,
		bottom: end,
	};
	return Math.max(0, Math.min(end, steps[move]));
};

export const peers: ViewEntry = {
	name: 'peers',
	isFor: ({listening}) => listening !== undefined,
	draw: ({area, note, model, views, monotonicMs}) => (
		<PeersPane
			area={area}
			note={note}
			model={model}
			sortedBy={views.sortedBy}
			top={views.peersTop}
			now={monotonicMs()}
		/>
	),
	scroll({area, model, views}, move) {
		const {height} = contentOf(area);
		const rows = model.socket.peers?.rows ?? [];
		const end = lastTop({peers: rows, height});
		const page = Math.max(1, height - 2);
		return {peersTop: moveRows(views.peersTop, move, page, end)};
	},
};

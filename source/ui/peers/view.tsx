import {contentOf} from '../layout.js';
import type {Move, ViewEntry} from '../view.js';
import {lastTop} from './peer-table.js';
import {PeersPane} from './peers-pane.js';

/** @param end As far as it scrolls, in rows. */
const moveRows = (from: number, move: Move, page: number, end: number) => {
	const targets = {
		'page-up': from - page,
		'page-down': from + page,
		'row-up': from - 1,
		'row-down': from + 1,
		top: 0,
		bottom: end,
	};
	return Math.max(0, Math.min(end, targets[move]));
};

export const peers: ViewEntry = {
	name: 'peers',
	isFor: ({listening}) => listening !== undefined,
	draw: ({area, note, model, viewState, monotonicMs}) => (
		<PeersPane
			area={area}
			note={note}
			model={model}
			sortedBy={viewState.sortedBy}
			top={viewState.peersTop}
			now={monotonicMs()}
		/>
	),
	scroll({area, model, viewState}, move) {
		const {height} = contentOf(area);
		const rows = model.socket.peers?.rows ?? [];
		const end = lastTop({peers: rows, height});
		const page = Math.max(1, height - 2);
		return {peersTop: moveRows(viewState.peersTop, move, page, end)};
	},
};

import {contentOf} from '../layout.js';
import {lastPairsTop, PairsPane} from '../proxy/pairs-pane.js';
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
	draw({area, note, model, viewState, monotonicMs}) {
		const {peersTop: top, sortedBy} = viewState;
		const common = {area, note, model, sortedBy, top, now: monotonicMs()};
		return model.target === undefined ? (
			<PeersPane {...common} />
		) : (
			<PairsPane {...common} />
		);
	},
	scroll({area, model, viewState}, move) {
		const {width, height} = contentOf(area);
		const rows = model.socket.peers?.rows ?? [];
		const end =
			model.target === undefined
				? lastTop({peers: rows, height})
				: lastPairsTop(model, {width, height});
		const page = Math.max(1, height - 2);
		return {peersTop: moveRows(viewState.peersTop, move, page, end)};
	},
};

import {display} from '../../protocol/display.js';
import {olderThan} from '../../store/older-entries.js';
import {scrollViewOf, stickToTop, viewportOf} from '../pane/window.js';
import {moveAnchor, somewhere, type ViewEntry} from '../view.js';
import {TranscriptPane} from './transcript-pane.js';

export const chat: ViewEntry = {
	name: 'chat',
	isFor: () => true,
	draw: ({area, model, views}) => (
		<TranscriptPane
			area={area}
			title={display`${model.mode} ${model.where}`}
			transcript={model.transcript}
			pending={model.pending}
			anchor={views.chatAnchor}
		/>
	),
	scroll({area, model, views}, move) {
		const {transcript, pending} = model;
		const anchor = views.chatAnchor;
		const view = {transcript, pending, anchor, ...viewportOf(area, somewhere)};
		const chatAnchor =
			move === 'top' && olderThan(model) !== undefined
				? stickToTop(scrollViewOf(view))
				: moveAnchor(view, move);
		return {chatAnchor};
	},
};

import {display} from '../../protocol/display.js';
import {tailOf} from '../../store/model.js';
import {olderThan} from '../../store/older-entries.js';
import {scrollViewOf, stickToTop, viewportOf} from '../pane/window.js';
import {moveAnchor, anyAnchor, type ViewEntry} from '../view.js';
import {TranscriptPane} from './transcript-pane.js';

export const chat: ViewEntry = {
	name: 'chat',
	isFor: () => true,
	draw: ({area, model, viewState}) => (
		<TranscriptPane
			area={area}
			title={display`${model.roomName ?? model.mode} ${model.where}`}
			transcript={model.transcript}
			pending={tailOf(model)}
			anchor={viewState.chatAnchor}
		/>
	),
	scroll({area, model, viewState}, move) {
		const {transcript} = model;
		const pending = tailOf(model);
		const anchor = viewState.chatAnchor;
		const view = {transcript, pending, anchor, ...viewportOf(area, anyAnchor)};
		const chatAnchor =
			move === 'top' && olderThan(model) !== undefined
				? stickToTop(scrollViewOf(view))
				: moveAnchor(view, move);
		return {chatAnchor};
	},
};

import {display} from '../../protocol/display.js';
import {tailOf} from '../../store/model.js';
import {unreadBelow} from '../../store/reading.js';
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
			ruleBelow={unreadBelow(model.reading, model.transcript)}
			words={model.search?.words}
			anchor={viewState.chatAnchor}
		/>
	),
	scroll({area, model, viewState}, move) {
		const {transcript} = model;
		const pending = tailOf(model);
		const ruleBelow = unreadBelow(model.reading, transcript);
		const anchor = viewState.chatAnchor;
		const viewport = viewportOf(area, anyAnchor);
		const view = {transcript, pending, ruleBelow, anchor, ...viewport};
		const chatAnchor =
			move === 'top' && olderThan(model) !== undefined
				? stickToTop(scrollViewOf(view))
				: moveAnchor(view, move);
		return {chatAnchor};
	},
};

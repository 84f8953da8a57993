import {viewportOf} from '../pane/window.js';
import {moveAnchor, anyAnchor, type ViewEntry} from '../view.js';
import {LifecyclePane} from './lifecycle-pane.js';
import {addressOf} from './named-peer.js';
import {ownStyle} from './rungs.js';
import {lifecycleView, sideOf} from './timeline.js';

export const lifecycle: ViewEntry = {
	name: 'lifecycle',
	// A proxy has four ends.
	isFor: ({target}) => target === undefined,
	draw: ({area, note, model, isExplained, viewState}) => (
		<LifecyclePane
			area={area}
			note={note}
			model={model}
			isExplained={isExplained}
			anchor={viewState.stepsAnchor}
			peer={viewState.stepsPeer}
			spelling={viewState.spelling}
		/>
	),
	scroll({area, model, isExplained, viewState}, move) {
		const anchor = viewState.stepsAnchor;
		const viewport = viewportOf(area, anyAnchor);
		const side = sideOf(model);
		const shown = {
			source: model.socket,
			peer: addressOf(model, viewState.stepsPeer),
			anchor,
			side,
			isExplained,
			style: {...ownStyle, spelling: viewState.spelling},
			...viewport,
		};
		return {stepsAnchor: moveAnchor(lifecycleView(shown), move)};
	},
};

import {viewportOf} from '../pane/window.js';
import {moveAnchor, anyAnchor, type ViewEntry} from '../view.js';
import {LifecyclePane} from './lifecycle-pane.js';
import {meantBy} from './named-peer.js';
import {ownStyle} from './rungs.js';
import {lifecycleView} from './timeline.js';

export const lifecycle: ViewEntry = {
	name: 'lifecycle',
	isFor: () => true,
	draw: ({area, note, model, isExplained, viewState, wallNow}) => (
		<LifecyclePane
			area={area}
			note={note}
			model={model}
			isExplained={isExplained}
			anchor={viewState.stepsAnchor}
			peer={viewState.stepsPeer}
			spelling={viewState.spelling}
			wallNow={wallNow}
		/>
	),
	scroll({area, model, isExplained, viewState}, move) {
		const anchor = viewState.stepsAnchor;
		const viewport = viewportOf(area, anyAnchor);
		const shown = {
			...meantBy(model, viewState.stepsPeer),
			anchor,
			isExplained,
			style: {...ownStyle, spelling: viewState.spelling},
			...viewport,
		};
		return {stepsAnchor: moveAnchor(lifecycleView(shown), move)};
	},
};

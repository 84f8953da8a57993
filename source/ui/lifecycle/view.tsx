import {viewportOf} from '../pane/window.js';
import {moveAnchor, somewhere, type ViewEntry} from '../view.js';
import {LifecyclePane} from './lifecycle-pane.js';
import {lifecycleView, sideOf} from './timeline.js';

export const lifecycle: ViewEntry = {
	name: 'lifecycle',
	isFor: () => true,
	draw: ({area, note, model, isExplained, views}) => (
		<LifecyclePane
			area={area}
			note={note}
			model={model}
			isExplained={isExplained}
			anchor={views.stepsAnchor}
		/>
	),
	scroll({area, model, isExplained, views}, move) {
		const anchor = views.stepsAnchor;
		const {steps} = model.socket;
		const viewport = viewportOf(area, somewhere);
		const side = sideOf(model);
		const shown = {steps, anchor, side, isExplained, ...viewport};
		return {stepsAnchor: moveAnchor(lifecycleView(shown), move)};
	},
};

/** The store of a chat: its model, from its events. */
import type {Model} from './model.js';
import {Published, type StoreClock} from './published.js';
import {reduce, type ModelEvent} from './reduce.js';

export class Store extends Published<Model, ModelEvent> {
	constructor(model: Model, clock: StoreClock) {
		super(model, clock, reduce);
	}
}

/** The whole screen over its own store, without a chat. */
import assert from 'node:assert/strict';
import type {TestContext} from 'node:test';
import stringWidth from 'string-width';
import type {Model} from '../../source/store/model.js';
import {createFocus} from '../../source/ui/terminal/focus.js';
import type {ModelEvent} from '../../source/store/reduce.js';
import {Store} from '../../source/store/store.js';
import {App, type AppProps} from '../../source/ui/app.js';
import {roomRules} from '../../source/ui/input/draft.js';
import {LinkContext} from '../../source/ui/text/shown-text.js';
import type {ViewName} from '../../source/ui/view.js';
import {FakeClock} from './clock.js';
import {openInkScreen} from './ink-screen.js';
import {keySequence, type Key} from './keys.js';
import {modelOf} from './models.js';
import {until} from './until.js';

export type AppOptions = Partial<AppProps> & {
	readonly columns?: number;
	readonly rows?: number;
	readonly model?: Model;
	readonly widths?: 'graphemes' | 'characters';
};

const viewCommands = new Set(['/wire', '/lifecycle', '/peers']);

export const openApp = async (
	t: TestContext,
	{
		columns = 80,
		rows = 24,
		model = modelOf(),
		widths,
		...props
	}: AppOptions = {},
) => {
	const clock = new FakeClock();
	const store = new Store(model, clock);
	/** The lines that were submitted, and the other requests. */
	const lines: string[] = [];
	const asked: string[] = [];
	let redraw = () => {};
	const focus = createFocus();
	const app = (
		<App
			store={store}
			rules={roomRules}
			commands={['/help', '/wire']}
			typedLines={[]}
			hint="message, or /help"
			isExplained={false}
			monotonicMs={clock.monotonicMs}
			wallMs={clock.wallMs}
			setTimer={clock.setTimer}
			focus={focus}
			onLine={(line, actions) => {
				const [word = '', peer] = line.split(' ');
				if (line === '/quit') {
					actions.leave();
				} else if (word === '/search') {
					actions.search(line.slice('/search '.length));
				} else if (viewCommands.has(word)) {
					actions.view(word.slice(1) as Exclude<ViewName, 'chat'>, peer);
				} else {
					lines.push(line);
				}
			}}
			onOpen={() => {
				asked.push('open');
			}}
			onStop={() => {
				asked.push('stop');
			}}
			onPage={wish => {
				asked.push(typeof wish === 'string' ? wish : `around ${wish.around}`);
			}}
			onSearch={text => {
				store.dispatch({
					type: 'reading',
					at: clock.wallMs(),
					what: {kind: 'search', text},
				});
			}}
			onHit={by => {
				store.dispatch({
					type: 'reading',
					at: clock.wallMs(),
					what: {kind: 'hit', by},
				});
			}}
			onAttention={({isLooking, isFollowing}) => {
				const attention = {isLooking, isFollowing};
				store.dispatch({
					type: 'reading',
					at: clock.wallMs(),
					what: {kind: 'attention', attention},
				});
			}}
			onWireShown={() => {
				asked.push('tap');
			}}
			company={() => undefined}
			unstored={() => 0}
			onLeave={() => {
				asked.push('leave');
			}}
			startJobControl={() => ({
				suspend() {
					asked.push('suspend');
				},
				stop() {},
			})}
			onRedraw={() => {
				asked.push('redraw');
				redraw();
			}}
			{...props}
		/>
	);
	const screen = openInkScreen(
		t,
		columns,
		<LinkContext value>{app}</LinkContext>,
		rows,
		widths,
	);
	redraw = screen.redraw;
	let size = {columns, rows};
	// The first frame comes before the hooks are listening.
	await screen.rows();
	return {
		...screen,
		lines,
		asked,
		clock,
		store,
		/** Dispatches events, and waits until they are shown. */
		async tell(...events: readonly ModelEvent[]) {
			for (const event of events) {
				store.dispatch(event);
			}

			clock.advance(33);
			await screen.rows();
		},
		async press(...keys: readonly Key[]) {
			for (const key of keys) {
				// One after the other, as a person would.

				await screen.type(keySequence(key));
			}
		},
		async resize(newColumns: number, newRows: number) {
			size = {columns: newColumns, rows: newRows};
			await screen.resize(newColumns, newRows);
		},
		async text() {
			return (await screen.rows()).join('\n');
		},
		/** Escape alone: Ink waits for a sequence first. */
		async escape() {
			const before = (await screen.rows()).join('\n');
			await screen.type(keySequence('escape'));
			await until(async () => (await screen.rows()).join('\n') !== before, {
				what: 'what Escape changes',
				seen: () => before,
			});
		},
		/** The lower line of the panes: how much is below, or a legend. */
		async footer() {
			return (await screen.rows()).at(-2) ?? '';
		},
		/** No row is too wide, and the input is the last one. */
		async assertWhole() {
			let all = await screen.rows();
			// A frame may still be on its way to the emulator.
			await until(
				async () => {
					all = await screen.rows();
					return /^(?:\S+ )?›/u.test(all.at(-1)!);
				},
				{what: 'the input as the last row', seen: () => all.join('\n')},
			);
			assert.equal(all.length, size.rows);
			for (const row of all) {
				assert.ok(stringWidth(row) <= size.columns, JSON.stringify(row));
			}

			assert.equal(
				all.filter(row => /^(?:\S+ )?›/u.test(row)).length,
				1,
				all.join('\n'),
			);
		},
	};
};

/**
 * An Ink app that only listens, on a stdin that a test writes to: it shows what
 * Ink's parser really makes of a chunk.
 */
import type {TestContext} from 'node:test';
import {render} from 'ink-testing-library';
import {createElement, useEffect} from 'react';
import type {Key} from '../../source/ui/input/keys.js';
import {useKeyboard} from '../../source/ui/input/use-keyboard.js';

export const openKeyboard = async (t: TestContext) => {
	let keys: Key[] = [];
	let pastes: string[] = [];
	let reportKey: () => void = () => undefined;
	const listening = Promise.withResolvers<void>();
	const Listener = () => {
		useKeyboard({
			onKey(key) {
				keys.push(key);
				reportKey();
			},
			onPaste(text) {
				pastes.push(text);
			},
		});
		// Runs after the effects of the hooks above, so they are listening.
		useEffect(() => {
			listening.resolve();
		}, []);
		return null;
	};

	const app = render(createElement(Listener));
	t.after(() => {
		app.unmount();
	});
	await listening.promise;

	/** The keys and pastes from one chunk. */
	const type = (chunk: string) => {
		keys = [];
		pastes = [];
		app.stdin.write(chunk);
		return {keys, pastes};
	};

	return {
		type,
		/** The same, if Ink first waits for the rest of a sequence. */
		async typeAndWait(chunk: string) {
			const reported = Promise.withResolvers<void>();
			reportKey = reported.resolve;
			const typed = type(chunk);
			await reported.promise;
			return typed;
		},
	};
};

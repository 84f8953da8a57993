/**
 * The tree's rules, read off the import lines: imports point down, node:net
 * stays with the sockets, React in ui/, and no pure folder knows a clock.
 */
import assert from 'node:assert/strict';
import {readdirSync, readFileSync} from 'node:fs';
import {posix} from 'node:path';
import {test} from 'node:test';
import {
	filesBelow,
	graphBelow,
	graphOf,
	importsOf,
	inCircles,
	roomsOf,
	unitOf,
	withoutComments,
	type Import,
} from '../docs/imports.js';

const source = new URL('../source/', import.meta.url);

/** Top to bottom: folders of source/, and files directly in it by name. */
const tiers = [
	['cli'],
	['program'],
	['ui', 'plain', 'doctor', 'index'],
	['lesson', 'hand', 'store', 'keyboard'],
	['options', 'library'],
	['chat'],
	['raw', 'server', 'client', 'relay', 'agents', 'proxy'],
	['watch', 'recording'],
	['socket'],
	['room', 'history'],
	['event'],
	['commands', 'connection'],
	['tcp', 'protocol'],
	['errors', 'trace', 'rounds', 'new-file'],
];
const pureFolders = new Set([
	'protocol',
	'tcp',
	'room',
	'connection',
	'store',
	'event',
	'commands',
]);
/** What both ends have in common is protocol/'s or socket/'s. */
const trades = new Set(['raw', 'server', 'client', 'relay', 'agents', 'proxy']);
const netFolders = new Set(['socket', 'watch']);

// A peer's address is gone after an RST: whoever asks late takes nobody for
// somebody.
const addressReaders = new Set([
	'socket/origin.ts',
	'socket/link.ts',
	'socket/token-exchange.ts',
]);

// They look at the address right before the call.
const socketOpeners = new Set([
	'socket/dial.ts',
	'socket/listen.ts',
	'socket/link/udp.ts',
	'socket/link/udp-listener.ts',
	// It passes on a connection that is there.
	'socket/link/web-socket.ts',
]);

const impureModule = /^(?:node:)?(?:timers|fs|perf_hooks)(?:\/|$)/;
const impureName =
	/\b(?:Date\.now|performance|setTimeout|setInterval|setImmediate|Math\.random|hrtime|random(?:UUID|Bytes|Int|FillSync)|getRandomValues)\b|\bnew Date\(\s*\)/g;
const netModule = /^(?:node:)?(?:net|dgram|tls|https?|http2)$|^ws$/;
const screenModule = /^(?:react|ink|@inkjs)(?:[/-]|$)/;
const agentModule = /^(?:@modelcontextprotocol|zod)(?:[/-]|$)/;

const tierOf = (unit: string): number =>
	tiers.findIndex(tier => tier.includes(unit));

/** The rule that an import breaks, if any. */
const brokenBy = (path: string, {specifier, kind, isType}: Import) => {
	if (specifier === '?') {
		return 'what is imported must be readable';
	}

	const unit = unitOf(path);
	if (!specifier.startsWith('.')) {
		const isNetType = unit === 'server' && isType;
		if (netModule.test(specifier) && !netFolders.has(unit) && !isNetType) {
			return 'node:net is for the socket folders alone';
		}

		if (unit !== 'agents' && agentModule.test(specifier)) {
			return 'the Model Context Protocol is for agents/ alone';
		}

		if (unit !== 'ui' && screenModule.test(specifier)) {
			return 'React and Ink are for ui/ alone';
		}

		return pureFolders.has(unit) && impureModule.test(specifier)
			? `${unit}/ is pure`
			: undefined;
	}

	if (!specifier.endsWith('.js')) {
		return 'a file is imported as ./name.js';
	}

	if (kind === 're-export' && path !== 'index.ts') {
		return 'index.ts is the only barrel';
	}

	const target = unitOf(posix.join(posix.dirname(path), specifier));
	if (tierOf(target) === -1) {
		return `${target} has no tier`;
	}

	if (tierOf(target) < tierOf(unit)) {
		return `${target} is above ${unit}: imports point down`;
	}

	if (pureFolders.has(unit) && !pureFolders.has(target)) {
		return target === 'errors'
			? undefined
			: `${unit}/ is pure, ${target} is not`;
	}

	if (trades.has(unit) && trades.has(target) && unit !== target) {
		return `${unit} and ${target} do not know each other`;
	}

	if (['ui plain', 'plain ui'].includes(`${unit} ${target}`)) {
		return 'the front ends do not know each other';
	}

	return ['cli', 'program'].includes(unit) &&
		target === 'ui' &&
		kind !== 'dynamic'
		? 'the screen is loaded only when it is wanted'
		: undefined;
};

/** What is wrong with a file, each as 'path: what: rule'. */
const violationsOf = (path: string, text: string): string[] => {
	const code = withoutComments(text);
	const unit = unitOf(path);
	const found = importsOf(code).flatMap(each => {
		const rule = brokenBy(path, each);
		return rule ? [`'${each.specifier}': ${rule}`] : [];
	});
	if (tierOf(unit) === -1) {
		found.push(`${unit} has no tier: give it one here and in the design`);
	}

	if (/^[ \t]*export\s+(?:default\b|=)|\bas\s+default\s*[,}]/m.test(code)) {
		found.push('default export: exports have names');
	}

	if (/\/index\.tsx?$/.test(path)) {
		found.push('a barrel: index.ts is the only one');
	}

	if (
		unit === 'ui' &&
		path !== 'ui/text/shown-text.tsx' &&
		/import\s[^;]*\b(?:Text|Transform|Static|Newline)[ ,}][^;]*from 'ink'|'ink-text-input'/.test(
			code,
		)
	) {
		found.push('only ui/text/shown-text.tsx draws text: it takes DisplayText');
	}

	if (path !== 'protocol/display.ts' && /\bas DisplayText\b/.test(code)) {
		// A part of display text is display text too.
		found.push('as DisplayText: text becomes that by toDisplay() alone');
	}

	if (!addressReaders.has(path)) {
		for (const [name] of code.matchAll(/\bremote(?:Address|Port)\b/g)) {
			found.push(`${name}: lost after an RST; socket/origin.ts reads it once`);
		}
	}

	if (!socketOpeners.has(path)) {
		for (const [name] of code.matchAll(
			/\bcreateConnection\b|\bcreateSocket\b|\bnew (?:net\.)?Socket\b|\b\w*[sS]erver\.listen\b/g,
		)) {
			found.push(`${name}: dial() and listen() alone open sockets`);
		}
	}

	if (pureFolders.has(unit)) {
		for (const [name] of code.matchAll(impureName)) {
			found.push(`${name}: ${unit}/ is pure, it comes in as an argument`);
		}
	}

	return found.map(what => `source/${path}: ${what}`);
};

test('architecture: every import of source/ keeps to the rules', () => {
	const paths = filesBelow(source);
	for (const known of ['cli.tsx', 'room/log.ts', 'ui/run.ts']) {
		assert.ok(paths.includes(known), `${known} was not read`);
	}

	assert.deepEqual(
		paths.flatMap(path =>
			violationsOf(path, readFileSync(new URL(path, source), 'utf8')),
		),
		[],
	);
});

const planted: Array<[path: string, text: string, rule: string]> = [
	[
		'store/a.ts',
		"import {a} from '../server/a.js';",
		'store/ is pure, server is not',
	],
	['watch/a.ts', "import {a} from '../store/a.js';", 'store is above watch'],
	['room/a.ts', "import type {\n\tA,\n} from\n\t'../ui/a.js';", 'ui is above'],
	['errors.ts', "import './protocol/frame.js';", 'protocol is above errors'],
	['server/a.ts', "const a = await import('../plain/a.js');", 'plain is above'],
	[
		'server/a.ts',
		"let a: import('../options/options.js').Options;",
		'options is above',
	],
	['commands/a.ts', "import {a} from '../store/a.js';", 'store is above'],
	['ui/a.tsx', "import {a} from '../plain/a.js';", 'know each other'],
	['client/a.ts', "import type {A} from '../server/a.js';", 'know each other'],
	['plain/a.ts', "export type A = import('../ui/a.js').A;", 'each other'],
	[
		'program.ts',
		"import {runScreen} from './ui/run.js';",
		'only when it is wanted',
	],
	['room/a.ts', "import {Socket} from 'node:net';", 'for the socket folders'],
	['raw/a.ts', "import {Socket} from 'node:net';", 'for the socket folders'],
	['client/a.ts', "import {Socket} from 'node:net';", 'the socket folders'],
	['chat/a.ts', "import type {Socket} from 'node:net';", 'the socket folders'],
	['ui/a.ts', "import type {Socket} from 'net';", 'for the socket folders'],
	[
		'cli.tsx',
		"const {Socket} = await import('node:net');",
		'for the socket folders',
	],
	['plain/a.ts', "import {render} from 'ink';", 'for ui/ alone'],
	['cli.tsx', 'import React from "react";', 'for ui/ alone'],
	['store/a.ts', "import {jsx} from 'react/jsx-runtime';", 'for ui/ alone'],
	['plain/a.ts', "import Input from 'ink-text-input';", 'for ui/ alone'],
	['room/a.ts', "import {readFileSync} from 'node:fs';", 'room/ is pure'],
	['room/a.ts', "import {scheduler} from 'node:timers/promises';", 'pure'],
	['store/a.ts', 'const at = Date.now();', 'Date.now: store/ is pure'],
	['store/a.ts', 'const at = new Date();', 'new Date(): store/ is pure'],
	['commands/a.ts', 'const {now} = performance;', 'performance: commands/'],
	['protocol/a.ts', 'setImmediate(() => {});', 'setImmediate: protocol/'],
	['connection/a.ts', '\tsetTimeout(a, 1);', 'setTimeout: connection/'],
	['room/a.ts', 'const a = [setInterval];', 'setInterval: room/'],
	['room/a.ts', 'const a = Math.random();', 'Math.random: room/'],
	['room/a.ts', 'const a = randomUUID();', 'randomUUID: room/'],
	['server/a.ts', "import {isIP} from 'node:net';", 'for the socket folders'],
	['server/a.ts', 'export default class {}', 'exports have names'],
	['server/a.ts', 'export {a as default};', 'exports have names'],
	['server/a.ts', "export {a} from './b.js';", 'the only barrel'],
	['server/a.ts', "export * from './b.js';", 'the only barrel'],
	['server/index.ts', 'export const a = 1;', 'the only one'],
	['server/a.ts', "import {a} from './b';", 'imported as ./name.js'],
	['server/a.ts', 'const a = await import(path);', 'must be readable'],
	['server/a.ts', "import {a} from '../../test/a.js';", 'has no tier'],
	['ui/a.tsx', "import {Box, Text} from 'ink';", 'only ui/text/shown-text.tsx'],
	['ui/a.tsx', "import TextInput from 'ink-text-input';", 'only ui/text/shown'],
	['ui/a.tsx', 'const shown = text as DisplayText;', 'toDisplay() alone'],
	['server/a.ts', 'const a = socket.remoteAddress;', 'lost after an RST'],
	['client/a.ts', 'const a = createConnection(b);', 'alone open sockets'],
	['raw/a.ts', "const a = createSocket('udp4');", 'alone open sockets'],
	['raw/a.ts', "import {connect} from 'node:tls';", 'for the socket folders'],
	['plain/a.ts', "import {WebSocket} from 'ws';", 'for the socket folders'],
	['server/a.ts', 'this.#netServer.listen(1);', 'alone open sockets'],
	['utils/a.ts', 'export const a = 1;', 'utils has no tier'],
];

test('architecture: a file that breaks a rule is found, with the rule', () => {
	for (const [path, text, rule] of planted) {
		const found = violationsOf(path, `/** A file. */\n${text}\n`);
		assert.equal(found.length, 1, `${text}: ${found.join(', ')}`);
		assert.ok(found[0]!.startsWith(`source/${path}: `), found[0]);
		assert.ok(found[0]!.includes(rule), `${found[0]} lacks ${rule}`);
	}
});

test('architecture: what the rules allow is not found', () => {
	const allowed: Array<[path: string, text: string]> = [
		['program.ts', "const {runScreen} = await import('./ui/run.js');"],
		['index.ts', "export {a} from './server/a.js';"],
		['server/a.ts', "import type {Socket} from 'node:net';"],
		['socket/a.ts', "import {createServer} from 'node:net';\nDate.now();"],
		['ui/a.tsx', "import {Box} from 'ink';\nimport a from 'string-width';"],
		['room/a.ts', "import {a} from '../connection/a.js';"],
		['connection/a.ts', "import type {A} from '../protocol/a.js';"],
		['store/a.ts', "// setTimeout is the clock's.\n/* Date.now() */"],
		['store/a.ts', "const a = 'http://x'; // Not Math.random().\n"],
		['store/a.ts', 'const at = new Date(event.at);\nclock.setTimer(a);'],
		['room/a.ts', "type A = {from: 'net'};\nexport const a = {from: 'ink'};"],
	];
	for (const [path, text] of allowed) {
		assert.deepEqual(violationsOf(path, text), []);
	}
});

const roots = ['source', 'benchmark', 'docs'].map(
	name => new URL(`../${name}/`, import.meta.url),
);

test('architecture: nothing imports itself by way of others', () => {
	for (const root of roots) {
		assert.deepEqual(inCircles(graphBelow(root)), [], root.pathname);
	}

	assert.deepEqual(inCircles(roomsOf(graphBelow(source))), []);
});

test('architecture: a circle is seen, also one of types or at run time', () => {
	const texts: Record<string, string> = {
		'a.ts': "import type {B} from './b.js';",
		'b.ts': "const {c} = await import('./deep/c.js');",
		'deep/c.tsx': "export {a} from '../a.js';",
		'd.ts': "import {a} from './a.js';\n// import './d.js';",
	};
	const graph = graphOf(Object.keys(texts), path => texts[path]!);
	assert.deepEqual(inCircles(graph), ['a.ts', 'b.ts', 'deep/c.tsx']);
});

/** How many files one folder may hold before nobody finds anything in it. */
const maxFiles = 28;

test('architecture: no folder is a list in which nobody finds anything', () => {
	for (const root of roots) {
		const folders = readdirSync(root, {recursive: true, withFileTypes: true})
			.filter(entry => entry.isFile())
			.map(entry => entry.parentPath);
		const crowded = Object.entries(
			Object.groupBy(folders, folder => folder),
		).filter(([, files]) => files!.length > maxFiles);
		assert.deepEqual(crowded, []);
	}
});

/**
 * The import graph: static, type-only and dynamic imports, and re-exports. The
 * architecture test and docs/house.ts use it.
 */
import {readdirSync, readFileSync} from 'node:fs';
import {posix} from 'node:path';

export type Import = {
	/** '?' if a dynamic import's specifier is not a literal. */
	readonly specifier: string;
	readonly kind: 'static' | 'dynamic' | 're-export';
	/** `import type`: nothing of it is left at run time. */
	readonly isType: boolean;
};

/** Each file and the files it imports, as paths relative to the same root. */
export type Graph = ReadonlyMap<string, readonly string[]>;

// Strings are matched first, because 'http://…' is not a comment. A block comment
// follows white space, which the /* of a regular expression does not.
const commentOrString =
	/('(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")|(?<=^|\s)\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/[^\n]*/g;

export const withoutComments = (text: string): string =>
	text.replaceAll(commentOrString, (_match, string?: string) => string ?? '');

/** @param code Without comments. */
export const importsOf = (code: string): Import[] => {
	const found: Import[] = [];
	const from =
		/^[ \t]*(import|export)\b(\s+type\b)?[^;'"]*?[\s}*]from\s*['"]([^'"]+)['"]/gm;
	for (const [, keyword, type, specifier] of code.matchAll(from)) {
		const kind = keyword === 'export' ? 're-export' : 'static';
		found.push({kind, specifier: specifier!, isType: type !== undefined});
	}

	for (const [, specifier] of code.matchAll(/^[ \t]*import\s*['"]([^'"]+)/gm)) {
		found.push({kind: 'static', specifier: specifier!, isType: false});
	}

	const call = /\b(?:import|require|getBuiltinModule)\(\s*(['"]?)([^'")]*)/g;
	for (const [, quote, specifier] of code.matchAll(call)) {
		found.push({
			kind: 'dynamic',
			specifier: quote ? specifier! : '?',
			isType: false,
		});
	}

	return found;
};

/** The TypeScript files in a folder, as paths relative to it. */
export const filesBelow = (root: URL): readonly string[] =>
	readdirSync(root, {recursive: true, encoding: 'utf8'})
		.map(path => path.replaceAll('\\', '/'))
		.filter(path => /\.tsx?$/.test(path))
		.toSorted();

/** @param textOf Returns the text of a file by its path. */
export const graphOf = (
	paths: readonly string[],
	textOf: (path: string) => string,
): Graph => {
	const known = new Set(paths);
	const targetOf = (path: string, specifier: string): string | undefined => {
		const target = posix
			.join(posix.dirname(path), specifier)
			.replace(/\.js$/, '');
		return [`${target}.ts`, `${target}.tsx`].find(each => known.has(each));
	};

	return new Map(
		paths.map(path => {
			const targets = importsOf(withoutComments(textOf(path)))
				.filter(({specifier}) => specifier.startsWith('.'))
				.map(({specifier}) => targetOf(path, specifier))
				.filter(target => target !== undefined);
			return [path, [...new Set(targets)]];
		}),
	);
};

export const graphBelow = (root: URL): Graph =>
	graphOf(filesBelow(root), path => readFileSync(new URL(path, root), 'utf8'));

/** Everything that a file imports, directly or indirectly. */
const reachedFrom = (start: string, graph: Graph): ReadonlySet<string> => {
	const reached = new Set<string>();
	const waiting = [...(graph.get(start) ?? [])];
	for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
		if (reached.has(next)) {
			continue;
		}

		reached.add(next);
		waiting.push(...(graph.get(next) ?? []));
	}

	return reached;
};

/** The files that are part of an import cycle. */
export const inCircles = (graph: Graph): readonly string[] =>
	[...graph.keys()].filter(path => reachedFrom(path, graph).has(path));

/** The folder of a file below the root; at the top level, the file's own name. */
export const unitOf = (path: string): string => /^[^/.]*/.exec(path)![0];

/** The import graph of folders, without imports within a folder. */
export const roomsOf = (graph: Graph): Graph => {
	const rooms = new Map<string, Set<string>>();
	for (const [path, targets] of graph) {
		const room = rooms.get(unitOf(path)) ?? new Set();
		rooms.set(unitOf(path), room);
		for (const target of targets) {
			if (unitOf(target) !== unitOf(path)) {
				room.add(unitOf(target));
			}
		}
	}

	return new Map([...rooms].map(([room, targets]) => [room, [...targets]]));
};

/** Drops imports implied by others: a → c if a → b → c. */
export const reduced = (graph: Graph): Graph =>
	new Map(
		[...graph].map(([path, targets]) => [
			path,
			targets.filter(target =>
				targets.every(
					other => other === target || !reachedFrom(other, graph).has(target),
				),
			),
		]),
	);

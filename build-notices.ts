/**
 * Collects the licences of the packages that are bundled: most of them ask that
 * their text goes where their code goes.
 */
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Metafile} from 'esbuild';

type Package = {
	readonly name: string;
	readonly version: string;
	readonly license: string;
	readonly repository?: string | {readonly url?: string};
};

/** Packages without a text, why that is so, and the text that holds. */
const withoutText: Readonly<
	Record<string, {readonly why: string; readonly text: string}>
> = {
	'yoga-layout': {
		why: 'The package has no licence file. Its package.json says MIT, and each of its files names the holder.',
		text: `MIT License

Copyright (c) Meta Platforms, Inc. and affiliates.

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.`,
	},
};

/** Packages that have others in their own files, with the notices of those. */
const inlined: Readonly<
	Record<
		string,
		ReadonlyArray<{
			readonly head: string;
			/** By default that of the package around it. */
			readonly text?: string;
		}>
	>
> = {
	'@modelcontextprotocol/server': [
		{head: '@modelcontextprotocol/core-internal (Apache-2.0, MIT)'},
		{
			head: 'content-type 1.0.5 (MIT)',
			text: `(The MIT License)

Copyright (c) 2015 Douglas Christopher Wilson

Permission is hereby granted, free of charge, to any person obtaining
a copy of this software and associated documentation files (the
'Software'), to deal in the Software without restriction, including
without limitation the rights to use, copy, modify, merge, publish,
distribute, sublicense, and/or sell copies of the Software, and to
permit persons to whom the Software is furnished to do so, subject to
the following conditions:

The above copyright notice and this permission notice shall be
included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED 'AS IS', WITHOUT WARRANTY OF ANY KIND,
EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF
MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT.
IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY
CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT,
TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE
SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`,
		},
	],
};

/** The folders of the packages of which a bundle has any bytes. */
export const bundledPackages = (
	metafiles: readonly Metafile[],
): readonly string[] => {
	const folders = new Set<string>();
	for (const {outputs} of metafiles) {
		for (const {inputs} of Object.values(outputs)) {
			for (const [path, {bytesInOutput}] of Object.entries(inputs)) {
				const folder = /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path);
				if (folder && bytesInOutput > 0) {
					folders.add(folder[0]);
				}
			}
		}
	}

	return [...folders];
};

/** LICENSE, LICENCE.md, COPYING; `licenses.md` of what a package has bundled. */
const isText = (path: string): boolean =>
	/(?:^|[/\\])(?:licen[cs]es?|copying|notice)(?:\.(?:md|txt))?$/i.test(path) &&
	!/(?:^|[/\\])node_modules[/\\]/.test(path);

/**
 * One package's part: name, version, licence and texts; and those of what it has
 * inlined.
 *
 * @throws {Error} If it has no text and isn't named with a reason.
 */
export const noticesOfPackage = (folder: string): readonly string[] => {
	const {name, version, license} = JSON.parse(
		readFileSync(join(folder, 'package.json'), 'utf8'),
	) as Package;
	const texts = readdirSync(folder, {recursive: true, encoding: 'utf8'})
		.filter(path => isText(path))
		.toSorted()
		.map(path => readFileSync(join(folder, path), 'utf8').trim());
	const missing = withoutText[name];
	if (texts.length === 0 && !missing) {
		throw new Error(
			`${folder} has no licence text; find out which holds, and name the package in build-notices.ts with the reason.`,
		);
	}

	const all = texts.length > 0 ? texts : [missing!.why, missing!.text];
	const own = [`${name} ${version} (${license})`, ...all].join('\n\n');
	const others = (inlined[name] ?? []).map(({head, text}) =>
		[head, ...(text === undefined ? all : [text])].join('\n\n'),
	);
	return [own, ...others];
};

/** The whole file, in the order of names. */
export const noticesOf = (metafiles: readonly Metafile[]): string => {
	const notices = bundledPackages(metafiles).flatMap(folder =>
		noticesOfPackage(folder),
	);
	const rule = `\n\n${'-'.repeat(78)}\n\n`;
	return `${[
		'sockchat contains code of these packages, under their licences.',
		...new Set(notices.toSorted()),
	].join(rule)}\n`;
};
